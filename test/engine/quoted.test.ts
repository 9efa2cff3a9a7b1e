import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../engine/errors.ts'
import { printable, quoted } from '../../engine/quoted.ts'
import { hostileText, STEERS } from '../hostile-text.ts'

test('printable: one line without anything that steers, and nothing else changed', () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const shown = printable(text)
      assert.not.match(shown, STEERS)
      assert.is(printable(shown), shown)
      // What is taken away is written as escapes; the rest is as it was.
      if (!STEERS.test(text)) assert.is(shown, text)
    }),
  )
  assert.is(printable('C:\\a "b"\n\u001b[2J\u009b\u202e'), 'C:\\a "b"\\n\\u001b[2J\\u009b\\u202e')
  assert.is(printable('\u{e0041}'), '\\udb40\\udc41')
  assert.is(printable('👩‍💻 می‌خواهم'), '👩‍💻 می‌خواهم')
})

test('quoted: JSON of the text, of its first 80 characters where it is longer', () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const shown = quoted(text)
      assert.not.match(shown, STEERS)
      if (text.length <= 80) assert.is(JSON.parse(shown), text)
      else assert.ok(JSON.parse(shown).length === 80 && shown.endsWith('..."'))
    }),
  )
})

test('errors: a message is one line, whatever it tells of a file', () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      assert.not.match(new TsinferError('gguf_invalid', `found ${text}`).message, STEERS)
    }),
  )
})

test.run()
