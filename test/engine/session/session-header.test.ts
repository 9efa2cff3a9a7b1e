// The beginning of a session file: what was written is read, anything else is refused in one line.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../../engine/errors.ts'
import { CONTEXT_MAX, SESSION_HEADER_BYTES_MAX, SESSION_NOTE_BYTES_MAX } from '../../../engine/limits.ts'
import {
  checkModel,
  encodeHeader,
  PREFIX_BYTES,
  readPrefix,
  readSessionHeader,
  type SessionHeader,
  sessionFileBytes,
} from '../../../engine/session/session-header.ts'

const count = (max: number) => fc.integer({ min: 0, max })

const fields = {
  model: fc.string({ unit: 'grapheme' }),
  digest: fc.string(),
  layers: count(1000),
  kvHeads: count(1000),
  cellTypeK: fc.constantFrom('f32', 'f16', 'q8_0'),
  cellTypeV: fc.constantFrom('f32', 'f16', 'q8_0'),
  rotations: fc.string(),
  tokenBytes: count(1 << 24),
  tokens: count(CONTEXT_MAX),
  noteBytes: count(SESSION_NOTE_BYTES_MAX),
}
const headers: fc.Arbitrary<SessionHeader> = fc.record(fields, { noNullPrototype: true })

/** What a file says that is `bytes` long in all. */
function read(encoded: Uint8Array, bytes: number): SessionHeader {
  const length = readPrefix('file', encoded.subarray(0, PREFIX_BYTES), bytes)
  return readSessionHeader('file', encoded.subarray(PREFIX_BYTES, PREFIX_BYTES + length), bytes)
}

const wholeBytes = (encoded: Uint8Array, header: SessionHeader) =>
  sessionFileBytes(encoded.length - PREFIX_BYTES, header)

/** Returns the message. */
function refused(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    assert.ok(error instanceof TsinferError, `${error}`)
    assert.is(error.code, 'session_invalid')
    assert.match(error.message, /^file: expected .*, found .*/)
    assert.not.match(error.message, '\n')
    return error.message
  }
  throw new Error('expected a refusal')
}

test('a header comes back as it was written, from a file of the right size only', () => {
  fc.assert(
    fc.property(headers, fc.integer({ min: 1, max: 1 << 30 }), (header, off) => {
      const encoded = encodeHeader(header)
      const bytes = wholeBytes(encoded, header)
      assert.equal(read(encoded, bytes), header)
      assert.match(
        refused(() => read(encoded, bytes - Math.min(off, bytes))),
        'a file that was cut to',
      )
      assert.match(
        refused(() => read(encoded, bytes + off)),
        `expected a file of ${bytes} bytes`,
      )
    }),
  )
})

test('no header can claim more than its file has', () => {
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(-1, 0.5, 2 ** 31, 2 ** 53, 1e300, CONTEXT_MAX + 1, SESSION_NOTE_BYTES_MAX + 1, null),
    fc.bigInt({ min: 0n, max: 2n ** 80n }).map(Number),
  )
  const field = fc.constantFrom<keyof SessionHeader>('layers', 'kvHeads', 'tokenBytes', 'tokens', 'noteBytes', 'model')
  fc.assert(
    fc.property(headers, field, odd, count(1 << 20), (header, name, value, bytes) => {
      const encoded = encodeHeader({ ...header, [name]: value } as SessionHeader)
      let found: SessionHeader
      try {
        found = read(encoded, bytes)
      } catch (error) {
        assert.is((error as TsinferError).code, 'session_invalid')
        return
      }
      assert.is(wholeBytes(encoded, found), bytes)
    }),
  )
  for (const value of [-1, 0.5, '3', null, CONTEXT_MAX + 1]) {
    const encoded = encodeHeader({ ...fc.sample(headers, 1)[0]!, tokens: value as number })
    assert.match(
      refused(() => read(encoded, 1e6)),
      /expected a header as it was saved/,
    )
  }
})

test('bytes of any kind are refused, or are a prefix', () => {
  const prefix = encodeHeader(fc.sample(headers, 1)[0]!).subarray(0, PREFIX_BYTES)
  const changed = fc
    .tuple(fc.nat(PREFIX_BYTES - 1), fc.nat(255))
    .map(([at, byte]) => prefix.map((b, i) => (i === at ? byte : b)))
  fc.assert(
    fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: PREFIX_BYTES })), count(1 << 20), (bytes, size) => {
      let length: number
      try {
        length = readPrefix('file', bytes, size)
      } catch (error) {
        assert.is((error as TsinferError).code, 'session_invalid')
        return
      }
      assert.ok(length <= SESSION_HEADER_BYTES_MAX && PREFIX_BYTES + length < size)
      assert.is(bytes.length, PREFIX_BYTES)
    }),
  )
  for (const json of ['', '[]', '7', 'null', '"x"', '{}', '{"tokens":1', '\u00ff']) {
    const bytes = Uint8Array.from(json, (letter) => letter.charCodeAt(0))
    assert.match(
      refused(() => readSessionHeader('file', bytes, 1000)),
      'a header as it was saved',
    )
  }
})

test('each field that models must have in common is checked', () => {
  const header = { ...fc.sample(headers, 1)[0]!, model: 'm\nm', digest: '0123456789abcdef' }
  checkModel('file', header, { ...header, model: 'renamed' })
  const others = {
    layers: -1,
    kvHeads: -1,
    cellTypeK: 'x',
    cellTypeV: 'x',
    rotations: 'x/y',
    tokenBytes: -1,
    digest: 'z',
  }
  for (const [field, value] of Object.entries(others)) {
    const message = refused(() => checkModel('file', header, { ...header, [field]: value }))
    assert.match(message, field === 'digest' ? 'expected a session of the model "m\\nm" (z), found one of' : `${value}`)
  }
})

test.run()
