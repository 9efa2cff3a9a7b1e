// Grammars in GBNF: what is read, what is refused and where, and that the texts of a constraint are those of the grammar.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createRandom } from '../../../bench/forge/random.ts'
import { compileGbnf } from '../../../engine/constraint/gbnf/compile-gbnf.ts'
import type { Grammar } from '../../../engine/constraint/grammar.ts'
import { resolveResponseFormat } from '../../../engine/constraint/response-format.ts'
import { TsinferError } from '../../../engine/errors.ts'
import { hasText, type Part, type Parts, randomText, writtenGbnf } from '../../reference/gbnf.ts'
import { acceptor } from './accepts.ts'
import { someConstraints, walkGrammar } from './walk.ts'

const faultOf = (source: string): string => {
  try {
    compileGbnf(source)
  } catch (error) {
    if (error instanceof TsinferError) return `${error.code}: ${error.message}`
    throw error
  }
  return ''
}

/** Checks which of some texts a grammar has. */
function tells(source: string, yes: readonly string[], no: readonly string[]): void {
  const accepts = acceptor(compileGbnf(source))
  for (const text of yes) assert.ok(accepts(text), `${source} has ${JSON.stringify(text)}`)
  for (const text of no) assert.not.ok(accepts(text), `${source} has not ${JSON.stringify(text)}`)
}

test('characters: classes, ranges, escapes, any', () => {
  tells(String.raw`root ::= "\x41\u00e9\U0001F600\n\t\r\\\"\[\]\-é"`, ['Aé😀\n\t\r\\"[]-é'], ['A', ''])
  tells(String.raw`root ::= [a-c\x30-\u0032\]\-"^]+`, ['abc012]-"^'], ['d', '3', ''])
  tells('root ::= [^a-y\\n]', ['z', 'é', '😀', '\0'], ['a', '\n', 'zz'])
  tells('root ::= [ぁ-ゟ] .', ['ひ\n', 'ぁ😀'], ['a.', 'ひ'])
  tells('root ::= [a-] [-b] [\\--/]', ['--.', 'ab-'], ['b-.', '--a'])
})

test('rules, groups, alternatives, comments, line ends', () => {
  const source = `# first
root ::= ( # a comment in it
    word (", " word)*   # words

    | "none" ) end
word-1 ::= "x"
word ::= [a-z]+ |
  word-1 # goes on behind |
end::="." # ends at the end`
  tells(source, ['a, bc.', 'none.', 'x.'], ['a,b.', 'a, .', 'none'])
  tells(source.replaceAll('\n', '\r\n'), ['a, bc.'], ['a,b.'])
  tells('root ::=\n  "a" | "" | b\nb ::= "b" "c"', ['a', '', 'bc'], ['b'])
  tells('root ::= | "a"', ['', 'a'], ['aa'])
})

test('repetitions of characters, texts, rules and groups', () => {
  tells('root ::= "ab"* c+ ("d" | "e")?\nc ::= "c"', ['c', 'ababcc', 'cd'], ['abab', 'ac', 'cde'])
  tells('root ::= [ab]{2} "c"{1,} "d"{0,2} "e" { 3 , 4 }', ['abceee', 'bbccddeeee'], ['aceee', 'abcdddeee', 'abcee'])
  tells('root ::= ("a"? "b"?){2,3} "c"', ['c', 'ababc', 'aaac', 'bbbc', 'abababc'], ['aaaac', 'abababac'])
  tells('root ::= ("a"*)* ("b"*)+ ("" | "c"){2}', ['', 'aabb', 'cc', 'abc'], ['ba', 'ccc'])
  tells('root ::= "a"?* "b"+{2} "c"{0}', ['bb', 'aabbb'], ['b', 'bbc'])
})

test('recursion: inside, at the end, through rules that may be empty', () => {
  tells('root ::= "(" root ")" | "x"', ['x', '((x))'], ['(x', '(x))', ''])
  tells('root ::= ws "x" ws\nws ::= ([ \\t] ws)?', ['x', `${' '.repeat(300)}x\t `], [' x.', ''])
  tells('root ::= a root "c" | "."\na ::= "a" | "b" a', ['.', 'bba.c', 'aba.cc'], ['a.', 'b.c'])
  tells('root ::= e e* "x"\ne ::= "" | "y"', ['x', 'yyyx'], ['xy'])
})

test('lists that call themselves at their end take no room as they grow', () => {
  const { constraints } = someConstraints()
  const named = resolveResponseFormat({ type: 'grammar', grammar: 'root ::= [ab] root | "."' })!
  const constraint = constraints.create(named, 5000, [0])
  for (let i = 0; i < 4000; i++) assert.is(constraint.accept(1 + 97 + (i % 2)), 'continue')
  assert.ok(constraint.allows(1 + 46))
  assert.is(constraint.accept(1 + 46), 'stop')
})

test('what is no grammar is refused with line and column', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['', 'line 1, column 1: expected a rule named root, found none'],
    ['root', 'line 1, column 5: expected ::=, found the end'],
    ['root ::= "foo', 'line 1, column 14: expected ", found the end'],
    ['root ::= "a"\nroot ::= "b"', 'line 2, column 1: expected one rule of a name, found "root"'],
    ['root ::= "é" foo', 'line 1, column 14: expected the name of a rule, found "foo"'],
    ['root ::= "a" ]', 'line 1, column 14: expected characters, a rule, | or the end of the line, found "]"'],
    ['root ::= "a"\n  | "b"', 'line 2, column 3: expected the name of a rule, found "|"'],
    ['root ::= *', 'line 1, column 10: expected something to repeat before it, found "*"'],
    ['root ::= (\n"a"', 'line 2, column 4: expected ), found the end'],
    ['root ::= [a', 'line 1, column 12: expected a character, found the end'],
    ['root ::= []', 'line 1, column 11: expected a character, found "]"'],
    ['root ::= [z-a]', 'line 1, column 11: expected a range upwards, found "z-a"'],
    [
      'root ::= "\\q"',
      'line 1, column 11: expected one of \\n \\r \\t \\\\ \\" \\[ \\] \\- \\x \\u \\U, found "\\\\q"',
    ],
    ['root ::= "\\u12"', 'line 1, column 15: expected 4 hexadecimal digits, found "\\""'],
    ['root ::= "\\U00110000"', 'line 1, column 11: expected a code point up to U+10FFFF, found "\\\\U00110000"'],
    ['root ::= "\\uD800"', 'line 1, column 11: expected characters, found "\\\\uD800"'],
    ['root ::= "a"{', 'line 1, column 14: expected a count, found the end'],
    ['root ::= "a"{3,2}', 'line 1, column 16: expected a count of at least 3, found "2"'],
    ['root ::= "a"{1;}', 'line 1, column 15: expected , or }, found ";"'],
    ['root ::= "a"{9999999}', 'line 1, column 14: expected a count of at most 1048576, found "9999999"'],
    [`root ::= ${'('.repeat(201)}`, 'line 1, column 211: expected at most 200 groups in each other, found the end'],
  ]
  for (const [source, message] of cases) assert.is(faultOf(source), `grammar_invalid: grammar ${message}`)
  const none = 'grammar_invalid: grammar: expected a root that some text fits, found one that none fits'
  assert.is(faultOf('root ::= "a" root'), none)
  assert.is(faultOf('root ::= [^\\x00-\\U0010FFFF]'), none)
})

test('left recursion and single tokens are refused by name', () => {
  const left = 'expected characters before root comes back to itself, found left recursion'
  assert.is(faultOf('root ::= root "a" | "b"'), `grammar_unsupported: grammar line 1, column 1: ${left}`)
  const hidden = 'a ::= "x"? b*  root\nb ::= ""\nroot ::= "y" | (b a)'
  assert.match(
    faultOf(hidden),
    /^grammar_unsupported: grammar line 1, column 1: expected characters before a comes back/,
  )
  const token = 'expected characters, which tokens are not held by, found a token'
  assert.is(faultOf('root ::= "a" <[12]>'), `grammar_unsupported: grammar line 1, column 14: ${token}`)
  assert.is(faultOf('root ::= !</think>*'), `grammar_unsupported: grammar line 1, column 10: ${token}`)
})

test('grammars that are made to be costly are compiled or refused, in work that is linear in their size', () => {
  const lines = (count: number, line: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => line(i)).join('\n')
  const sizeOf = (source: string) => compileGbnf(source).states.length
  assert.ok(sizeOf(`root ::= "a"${'{1000}'.repeat(50)} | "b"`) < 200)
  assert.ok(sizeOf(`root ::= ${'('.repeat(200)}"a"?${')*'.repeat(200)}`) < 1000)
  assert.ok(sizeOf(`root ::= r0\n${lines(10_000, (i) => `r${i} ::= "a"? r${i + 1}`)}\nr10000 ::= "b"`) < 65_536)
  assert.ok(sizeOf(`${lines(20_000, (i) => `r${i + 1} ::= r${i}`)}\nr0 ::= "b"\nroot ::= r20000`) < 65_536)
  assert.ok(sizeOf(`root ::= ${'e '.repeat(20_000)}\ne ::= "" | "x"`) < 65_536)
  assert.match(
    faultOf(`root ::= ${lines(100_000, (i) => `"${i}" |`)}`),
    /^grammar_invalid: grammar: expected at most 65536 states/,
  )
  assert.match(faultOf(lines(300_000, (i) => `r${i} ::= "a"`)), /expected at most 1048576 characters/)
  const { constraints } = someConstraints()
  const long = resolveResponseFormat({ type: 'grammar', grammar: 'root ::= "a"{1000}{1000}' })!
  assert.throws(
    () => constraints.create(long, 1000, [0]),
    /^responseFormat: expected room for its shortest text, 1000000 bytes, found room for 1000 tokens$/,
  )
})

const CHARACTERS = ['a', 'b', '"', ']', 'é', '日', '😀', '\n']
const NAMES = ['root', 'one', 'Two-2']
const character = fc.constantFrom(...CHARACTERS)
const { part } = fc.letrec<{ part: Part }>((tie) => ({
  part: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({ kind: fc.constant('text' as const), text: fc.string({ unit: character, maxLength: 3 }) }),
    fc.record({
      kind: fc.constant('class' as const),
      of: fc.string({ unit: character, minLength: 1, maxLength: 3 }),
      isNegated: fc.boolean(),
    }),
    fc.constant({ kind: 'any' as const }),
    fc.record({ kind: fc.constant('rule' as const), name: fc.constantFrom(...NAMES) }),
    fc.record({
      kind: fc.constantFrom('sequence' as const, 'either' as const),
      of: fc.array(tie('part'), { minLength: 1, maxLength: 3 }),
    }),
    fc
      .record({
        kind: fc.constant('repeat' as const),
        body: tie('part'),
        least: fc.nat(2),
        more: fc.constantFrom(0, 1, 2, Number.POSITIVE_INFINITY),
      })
      .map(({ kind, body, least, more }) => ({ kind, body, least, most: least + more })),
  ),
}))
const grammars: fc.Arbitrary<Parts> = fc.record({ root: part, one: part, 'Two-2': part })

/** Undefined where it is refused: for left recursion, or because it has no text. */
function compiledOf(parts: Parts): Grammar | undefined {
  const source = writtenGbnf(parts)
  const fault = faultOf(source)
  if (fault === '') return compileGbnf(source)
  assert.match(fault, /found left recursion|one that none fits/, source)
  return undefined
}

test('random grammars: a text is accepted where trying every way finds it, and only there', () => {
  let [accepted, refused] = [0, 0]
  fc.assert(
    fc.property(
      grammars,
      fc.array(fc.string({ unit: character, maxLength: 5 }), { maxLength: 8 }),
      fc.nat(),
      (parts, texts, seed) => {
        const grammar = compiledOf(parts)
        if (!grammar) return
        const accepts = acceptor(grammar)
        const random = createRandom(seed)
        const own = Array.from({ length: 6 }, () => randomText(parts, random, CHARACTERS.join('')))
        for (const text of own) {
          if (text === undefined || text.length > 60) continue
          assert.ok(accepts(text), `${writtenGbnf(parts)} has ${JSON.stringify(text)}`)
          accepted++
        }
        for (const text of ['', ...texts, ...own.map((one) => (one ?? '').slice(0, 20).slice(0, -1))]) {
          if (/\p{Cs}/u.test(text)) continue
          assert.is(accepts(text), hasText(parts, text), `${writtenGbnf(parts)} and ${JSON.stringify(text)}`)
          if (!accepts(text)) refused++
        }
      },
    ),
    { numRuns: 1500 },
  )
  assert.ok(accepted > 500 && refused > 500, `${accepted} ${refused}`)
})

test('random grammars: random texts of a constraint are texts of the grammar, complete within their tokens', () => {
  let written = 0
  const some = someConstraints(['aa', 'ab', 'ba"', '日é', '\n\n', ']]', 'b😀', Uint8Array.of(0xf0, 0x9f)])
  fc.assert(
    fc.property(grammars, fc.nat(), fc.nat(40), (parts, seed, tokensMost) => {
      const grammar = compiledOf(parts)
      if (!grammar) return
      const named = { name: writtenGbnf(parts), grammar }
      try {
        const { text, tokens } = walkGrammar(some, named, tokensMost, createRandom(seed))
        assert.ok(hasText(parts, text), `${named.name} and ${JSON.stringify(text)}`)
        assert.ok(tokens <= tokensMost)
        written++
      } catch (error) {
        assert.ok(error instanceof TsinferError, `${error}`)
        assert.match(error.message, /expected room for its shortest text/)
      }
    }),
    { numRuns: 1500 },
  )
  assert.ok(written > 300, `${written}`)
})

test.run()
