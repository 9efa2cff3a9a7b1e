// Escapes of a typed prompt, as llama.cpp reads them.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { unescaped } from '../../../cli/shell/escapes.ts'
import { TsinferError } from '../../../engine/errors.ts'

test('escapes: each that llama.cpp knows', () => {
  assert.is(unescaped(String.raw`a\nb\rc\td\'e\"f\\g`, '-p'), 'a\nb\rc\td\'e"f\\g')
  assert.is(unescaped(String.raw`\x41\x7e`, '-p'), 'A~')
  assert.is(unescaped(String.raw`\xe2\x82\xac and \xF0\x9f\x98\x80`, '-p'), '\u20ac and \u{1f600}')
  assert.is(unescaped(String.raw`\x00`, '-p'), '\u0000')
})

test('escapes: what is none stays with its backslash', () => {
  for (const text of [
    String.raw`\d`,
    String.raw`\x4`,
    String.raw`\x4g`,
    String.raw`\u0041`,
    String.raw`\0`,
    'end\\',
    '',
  ]) {
    assert.is(unescaped(text, '-p'), text)
  }
  assert.is(unescaped(String.raw`\\n`, '-p'), String.raw`\n`)
  assert.is(unescaped(String.raw`\\\n`, '-p'), '\\\n')
  assert.is(unescaped('\\\u20ac', '-p'), '\\\u20ac')
})

test('escapes: bytes that are no UTF-8 are refused by the name of the option', () => {
  assert.throws(
    () => unescaped(String.raw`\xff`, '--prompt'),
    (error: unknown) =>
      error instanceof TsinferError && error.code === 'prompt_invalid' && /^--prompt: /.test(error.message),
  )
})

test('escapes: any text comes through when its backslashes are doubled', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.is(unescaped(text.replaceAll('\\', '\\\\'), '-p'), text)
    }),
  )
})

test.run()
