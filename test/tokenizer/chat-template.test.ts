// Chat templates against renderings by Jinja2 on Python: whole templates of real models from the shared vectors, and
// many small recorded ones.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../engine/errors.ts'
import { ChatTemplate } from '../../tokenizer/chat-template.ts'
import { readJson } from '../../tokenizer/jinja/json.ts'
import { parseLocalTime } from '../../tokenizer/jinja/strftime.ts'
import type { Value } from '../../tokenizer/jinja/values.ts'
import { repositoryPath, sharedTest } from '../shared.ts'

const now = parseLocalTime('2026-01-02T03:04:05')

type Json = Map<string, Value>
const entry = (value: Value | undefined, key: string): Value | undefined => (value as Json).get(key)

/** The text, or the error's code where the template refuses. */
function render(source: string, variables: ReadonlyMap<string, Value>): string | { readonly code: string } {
  try {
    return new ChatTemplate(source).render({ variables, now })
  } catch (error) {
    if (!(error instanceof TsinferError)) throw error
    assert.not.match(error.message, /\n/)
    return { code: error.code }
  }
}

sharedTest(test, 'every golden rendering of real models', 'vectors/chat', (folder) => {
  const golden = readJson(readFileSync(join(folder, 'golden-renders.json'), 'utf8'))
  const names = readdirSync(join(folder, 'jinja'))
  let accepted = 0
  for (const name of names) {
    const source = readFileSync(join(folder, 'jinja', name), 'utf8')
    for (const [conversation, expected] of entry(entry(golden, 'renders'), name) as Json) {
      const variables = new Map(entry(entry(golden, 'conversations'), conversation) as Json)
      variables.set('bos_token', entry(golden, 'bos_token')!).set('eos_token', entry(golden, 'eos_token')!)
      const found = render(source, variables)
      const where = `${name}, ${conversation}`
      if (entry(expected, 'ok') === true) assert.is(found, entry(expected, 'output'), where)
      else assert.equal(found, { code: 'template_refused' }, where)
      accepted += Number(entry(expected, 'ok'))
    }
  }
  assert.ok(names.length >= 29 && accepted >= 221)
})

test('the language, as Jinja2 on Python has it', () => {
  const recorded = readJson(readFileSync(repositoryPath('test/fixtures/jinja-cases.json'), 'utf8'))
  const cases = entry(recorded, 'cases') as [string, string | null][]
  assert.ok(cases.length > 400)
  for (const [source, expected] of cases) {
    // Some templates change lists, so each has variables of its own.
    const variables = structuredClone(entry(recorded, 'variables')) as Json
    const found = render(source, variables)
    if (expected === null) assert.type(found, 'object', source)
    else assert.is(found, expected, source)
  }
})

const MUTABLE = '{% set ns = namespace(x="ab", l=[1], n=3) %}'
const BOMBS: Readonly<Record<string, string>> = {
  loops: '{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}',
  'a loop over a list that grows': `${MUTABLE}{% for i in ns.l %}{% set _ = ns.l.append(i) %}{% endfor %}`,
  recursion: '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}',
  'a tree of calls': '{% macro m(n) %}{% if n < 90 %}{{ m(n + 1) }}{{ m(n + 1) }}{% endif %}{% endmacro %}{{ m(0) }}',
  doubling: `${MUTABLE}{% for i in range(100) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}`,
  'texts that are kept': `${MUTABLE}{% for i in range(100000) %}{% set _ = ns.l.append(("a" * 1000000) | upper) %}{% endfor %}`,
  'a list inside itself': `${MUTABLE}{% set _ = ns.l.append(ns.l) %}{{ ns.l | tojson }}`,
  'lists that share': `${MUTABLE}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}`,
  'long repetition': '{{ "x" * 10 ** 12 }}',
  'wide indents': '{{ "a\nb" | indent(10 ** 9) }}',
  'wide formats': '{{ "%0999999999d" % 1 }}',
  'replacing by much': '{% set a = "a" * 10000000 %}{{ a.replace("a", a) }}',
  'joining much': '{% set a = "a" * 1000000 %}{{ ([a] * 100000) | join(a) }}',
  'large integers': `${MUTABLE}{% for i in range(100000) %}{% set ns.n = ns.n * ns.n %}{% endfor %}`,
  'long lists': `${MUTABLE}{% for i in range(100000) %}{% set _ = ns.l.append(range(100000) | list) %}{% endfor %}`,
  'searching much': '{% set a = "a" * 10000000 %}{% for i in range(100000) %}{% set b = "b" in a %}{% endfor %}',
  'deep brackets': `{{ ${'('.repeat(100_000)}1${')'.repeat(100_000)} }}`,
  'deep operators': `{{ ${'not '.repeat(100_000)}1 }}`,
  'long chains': `{{ 1${' + 1'.repeat(100_000)} }}`,
  'deep blocks': `${'{% if 1 %}'.repeat(40_000)}${'{% endif %}'.repeat(40_000)}`,
  'a long source': ' '.repeat(2 ** 20 + 1),
}

for (const [name, source] of Object.entries(BOMBS)) {
  test(`bounded: ${name}`, () => {
    assert.throws(
      () => new ChatTemplate(source).render({ variables: new Map(), now }),
      (error: unknown) => error instanceof TsinferError && error.code.startsWith('template_'),
    )
  })
}

const HUGE_TEMPLATES: Readonly<Record<string, string>> = {
  members: `{{ a${'.b'.repeat(40_000)} }}`,
  calls: `{{ f${'()'.repeat(40_000)} }}`,
  branches: `{% if x %}${'{% elif x %}'.repeat(20_000)}{% endif %}`,
  conditions: `{{ ${'1 if 1 else '.repeat(20_000)}1 }}`,
  statements: `${'{% if x %}'.repeat(101)}${'{% endif %}'.repeat(101)}`,
  'words and signs': '{% if x %}{% endif %}'.repeat(30_000),
  digits: `{{ ${'1'.repeat(1_000_000)} }}`,
  'hexadecimal digits': `{{ 0x${'f'.repeat(1_000_000)} }}`,
  'breaks inside much': `{% for i in x %}${'{% if 1 %}'.repeat(101)}${'{% break %}'.repeat(20_000)}`,
}
for (const [name, source] of Object.entries(HUGE_TEMPLATES)) {
  test(`bounded: a template of many ${name}`, () => {
    assert.throws(
      () => new ChatTemplate(source),
      (error: unknown) =>
        error instanceof TsinferError && error.code === 'template_invalid' && error.message.length < 500,
    )
  })
}

test('bounded: what a template raises, in one line of a few hundred characters', () => {
  const source = '{{ raise_exception("a\n" * 1000000) }}'
  assert.throws(
    () => new ChatTemplate(source).render({ variables: new Map(), now }),
    (error: unknown) => error instanceof TsinferError && /a a a/.test(error.message) && error.message.length < 500,
  )
})

test('errors of syntax are sentences, without names of the parser', () => {
  const cases: Readonly<Record<string, RegExp>> = {
    '{{ (1 + 2 }}': /line 1: expected '\)', found '}'/,
    '{{ f(1 2 }}': /line 1: expected/,
    '{{ a b }}': /expected the end of the expression \(}}\), found 'b'/,
    '{{ }}': /expected an expression, found '}}'/,
    '{{ x | }}': /expected an expression, found '}}'/,
    '{{ x | 1 }}': /expected the name of a filter after '\|'/,
    '{{ x. }}': /expected an expression, found '}}'/,
    '{{ x["a" }}': /expected '\]'/,
    '{{ {"a" 1} }}': /expected ':', found '1'/,
    '{{ f(a=1, 2) }}': /expected arguments without a name before those with one/,
    '{% for 1 in x %}{% endfor %}': /expected a name, or names with commas, after for/,
    '{% for x %}{% endfor %}': /expected 'in' after the names of the loop/,
    '{% macro 1() %}{% endmacro %}': /expected a name after macro/,
    '{% macro m(a, a) %}{% endmacro %}': /expected parameters of different names/,
    '{% macro m %}{% endmacro %}': /expected '\(', found '%}'/,
    '{% if %}{% endif %}': /expected an expression, found '%}'/,
    '{% set x = %}': /expected an expression/,
    '{% set = 1 %}': /expected an expression, found '='/,
    '{% call 1() %}{% endcall %}': /expected the name of a macro after call/,
    '{{ 1 2': /expected }}/,
    '{% if x y %}{% endif %}': /expected the end of the statement \(%}\), found 'y'/,
    '{{ (': /expected }} for the {{ in line 1/,
  }
  const internal =
    /\$\{|Token|Parser|undefined|[A-Z][a-z]+(Paren|Statement|Expression|Bracket|Operator|Literal)|===|!==/
  for (const [source, expected] of Object.entries(cases)) {
    const found = render(source, new Map())
    assert.equal(found, { code: 'template_invalid' }, source)
    try {
      new ChatTemplate(source)
    } catch (error) {
      const { message } = error as Error
      assert.match(message, expected, source)
      assert.not.match(message, internal, source)
    }
  }
})

test('long conversations are within the bounds', () => {
  const message = (role: string): Json =>
    new Map([
      ['role', role],
      ['content', 'words '.repeat(200)],
    ] as const)
  const messages = Array.from({ length: 2000 }, (_, i) => message(i % 2 === 0 ? 'user' : 'assistant'))
  const source =
    '{% for m in messages %}<|{{ m.role }}|>{{ m.content | trim }}{% if loop.last %}!{% endif %}{% endfor %}'
  const text = new ChatTemplate(source).render({ variables: new Map([['messages', messages]]), now })
  assert.ok(text.length > 2_000_000 && text.endsWith('!'))
})

function message(source: string): string {
  try {
    return new ChatTemplate(source).render({ variables: new Map(), now })
  } catch (error) {
    return (error as Error).message
  }
}

test('errors quote at most 80 characters of each piece of a template', () => {
  const long = 'n'.repeat(3000)
  const sources = [
    `{{ ${long}.x }}`,
    `{{ x.${long}() }}`,
    `{{ none.${long}.y }}`,
    `{{ {'a': 1}.pop('${long}') }}`,
    `{{ 1 | ${long} }}`,
    `{{ 1 is ${long} }}`,
    `{{ range(${long}=1) }}`,
    `{{ 'x'.strip(${long}=1) }}`,
    `{{ '%(${long})s' % {'a': 1} }}`,
    `{{ '{${long}}'.format(1) }}`,
    `{{ '{:${long}}'.format(1) }}`,
    `{{ range(${'9'.repeat(900)}) }}`,
    `{% macro ${long}() %}{% endmacro %}{{ ${long}(1) }}`,
    `{% macro ${long}() %}{% endmacro %}{{ ${long}(x=1) }}`,
    `{% macro m(a) %}{{ a.b }}{% endmacro %}{{ m(${long}=1) }}`,
    `{% macro m(${long}) %}{{ ${long}.b }}{% endmacro %}{{ m() }}`,
    `{{ namespace(x=1).${long}.y }}`,
    `{% ${long} %}`,
    `{% with ${long} %}{% endwith %}`,
    `{% if x %}{% ${long} %}`,
    `{{ 1 ${long} }}`,
    `{% for ${long} of x %}{% endfor %}`,
    `{{ '\\U${long}' }}`,
  ]
  for (const source of sources) {
    const said = message(source)
    assert.match(said, /^chat template: /, source.slice(0, 40))
    assert.not.match(said, /n{81}|9{81}/, source.slice(0, 40))
  }
})

test('errors say where and what', () => {
  assert.match(message('a\n\n{% if x %}\n'), /line 3.*endif/)
  assert.match(message('{% if x %}\n{% endfor %}'), /line 2.*endif.*line 1.*endfor/)
  assert.match(message('a\n{{ 1 + }}'), /line 2/)
  assert.match(message('a\n{% nope %}'), /line 2.*nope/)
  assert.match(message('{{ x.y }}'), /'x' is undefined/)
  assert.match(
    message("{{ raise_exception('Only user and assistant') }}"),
    /refuses the messages: Only user and assistant/,
  )
})

test.run()
