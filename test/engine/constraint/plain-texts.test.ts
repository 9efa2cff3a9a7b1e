// Texts of a regular expression, and one of several.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createRandom } from '../../../bench/forge/random.ts'
import { resolveResponseFormat } from '../../../engine/constraint/response-format.ts'
import { TsinferError } from '../../../engine/errors.ts'
import type { ResponseFormat } from '../../../engine/public/generation.ts'
import { acceptor } from './accepts.ts'
import { someConstraints, walkGrammar } from './walk.ts'

const named = (format: ResponseFormat) => resolveResponseFormat(format)!
const refusal = (format: ResponseFormat): string => {
  try {
    resolveResponseFormat(format)
  } catch (error) {
    if (error instanceof TsinferError) return `${error.code}: ${error.message}`
    throw error
  }
  return ''
}

const PATTERNS = [
  'yes|no',
  '(?:a|b)*c?',
  '\\d{3}-\\d{4}',
  '[^\\s"]{1,5}',
  '^a(?=.*b)[abc]*$',
  '(?!ab)[ab]{2,4}',
  'é+|[日本]{2}',
  '\\p{Lu}.',
  '"[^"\\\\]*"',
  '',
]

test('a regular expression matches the whole text', () => {
  const characters = fc.constantFrom('a', 'b', 'c', 'y', 'e', 's', '1', '-', '"', 'é', '日', 'Ä', '\n')
  for (const pattern of PATTERNS) {
    const accepts = acceptor(named({ type: 'regex', pattern }).grammar)
    const whole = new RegExp(`^(?:${pattern})$`, 'u')
    fc.assert(
      fc.property(fc.string({ unit: characters, maxLength: 6 }), (text) => {
        assert.is(accepts(text), whole.test(text), `${pattern} and ${JSON.stringify(text)}`)
      }),
    )
    const some = someConstraints(['yes', 'no', 'ab', 'bc', '12', '-1', '日本', 'a"'])
    for (let seed = 0; seed < 30; seed++) {
      const { text } = walkGrammar(some, named({ type: 'regex', pattern }), 12, createRandom(seed))
      assert.match(text, whole, pattern)
    }
  }
})

test('a choice is one of the texts, each of which can come', () => {
  const lists = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'é', '\n'), maxLength: 4 }), {
    minLength: 1,
    maxLength: 6,
  })
  fc.assert(
    fc.property(
      lists,
      fc.string({ unit: fc.constantFrom('a', 'b', 'é'), maxLength: 4 }),
      fc.nat(),
      (choices, other, seed) => {
        const format = named({ type: 'choice', choices })
        const accepts = acceptor(format.grammar)
        for (const choice of choices) assert.ok(accepts(choice), choice)
        assert.is(accepts(other), choices.includes(other))
        const { text } = walkGrammar(someConstraints(['ab', 'éa']), format, 20, createRandom(seed))
        assert.ok(choices.includes(text), text)
      },
    ),
    { numRuns: 300 },
  )
})

test('what no automaton holds is refused in one line', () => {
  const pattern = (source: string) => refusal({ type: 'regex', pattern: source })
  const at = 'option_invalid: responseFormat.pattern: expected'
  assert.is(pattern('\\bword'), `${at} what an automaton can hold, found \\b`)
  assert.is(pattern('a)|(b'), `${at} what an automaton can hold, found a text that is no regular expression`)
  assert.is(pattern('(a)\\1'), `${at} what an automaton can hold, found a reference to a group`)
  assert.is(pattern('.*a.{20}'), `${at} texts that few states tell apart, found too many`)
  assert.is(pattern('a{9000}'), `${at} texts that few states tell apart, found too many`)
  assert.match(pattern('a'.repeat(100_000)), /found (too many|one that is longer than the stack is deep)$/)
  assert.is(pattern('x'.repeat(2 ** 20 + 1)), `${at} at most 1048576 characters, found 1048577`)
  assert.is(pattern('a(?!)b'), `${at} an expression that some text matches, found "a(?!)b", which none does`)
  const choices = (...texts: string[]) => refusal({ type: 'choice', choices: texts })
  const which = 'option_invalid: responseFormat.choices'
  assert.is(choices(), `${which}: expected at least one text, found an array`)
  assert.is(choices('a', '\ud800'), `${which}[1]: expected whole characters, found "\\ud800"`)
  assert.match(choices('x'.repeat(100_000)), /expected at most 65536 bytes that tell them apart, found more$/)
  assert.is(choices(`${'x'.repeat(30_000)}a`, `${'x'.repeat(30_000)}b`), '')
})

test.run()
