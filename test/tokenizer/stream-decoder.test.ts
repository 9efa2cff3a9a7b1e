// The incremental decoder against one call of TextDecoder over all bytes.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TsinferError } from '../../engine/errors.ts'
import { byteStringAt } from '../../tokenizer/byte-strings.ts'
import { detokenize, StreamDecoder, type Vocabulary } from '../../tokenizer/index.ts'
import { BYTE_TOKENS, fakeVocabulary } from './fake-metadata.ts'
import { awkwardText, wellFormed } from './texts.ts'

const TEXTS = ['<unk>', '<s>', '</s>', ...BYTE_TOKENS, '▁', '▁a', 'b', '▁▁', 'é', '中', '\ufeff', '<|x|>', ' ']
const FIRST_BYTE = 3
const id = (text: string) => TEXTS.indexOf(text)
const vocabulary: Vocabulary = fakeVocabulary({
  model: 'llama',
  tokens: TEXTS,
  token_type: TEXTS.map((text, i) =>
    i === 0 ? 2 : i < 3 ? 3 : i < FIRST_BYTE + 256 ? 6 : text === ' ' || text === '<|x|>' ? 4 : 1,
  ),
  scores: TEXTS.map((_, i) => -i),
})
const { table } = vocabulary

function decodeWhole(ids: readonly number[]): string {
  const bytes = ids.flatMap((i) => [...byteStringAt(table.pieces, i)])
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes))
}

const bytesOf = (text: string) => Array.from(new TextEncoder().encode(text), (byte) => byte + FIRST_BYTE)
/** Whole characters, halves of characters, tokens and noise. */
const anyIds = fc
  .array(
    fc.oneof(
      awkwardText.map(bytesOf),
      awkwardText.map((text) => bytesOf(text).slice(0, 3)),
      fc.array(fc.nat(TEXTS.length - 1), { maxLength: 5 }),
      fc.array(fc.integer({ min: FIRST_BYTE + 0x80, max: FIRST_BYTE + 0xff }), { maxLength: 6 }),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.flat())

test('any split gives the text of the whole', () => {
  fc.assert(
    fc.property(anyIds, fc.array(fc.nat(60)), (ids, cuts) => {
      const decoder = new StreamDecoder(table, { atStart: false })
      const ends = [...cuts.map((cut) => Math.min(cut, ids.length)).sort((a, b) => a - b), ids.length]
      let text = ''
      let start = 0
      for (const end of ends) {
        text += decoder.decode(ids.slice(start, end))
        start = end
      }
      assert.is(text + decoder.flush(), decodeWhole(ids))
    }),
    { numRuns: 3000 },
  )
})

test('no half characters, and none held back longer than needed', () => {
  fc.assert(
    fc.property(awkwardText, (random) => {
      const text = wellFormed(random)
      const decoder = new StreamDecoder(table, { atStart: false })
      let given = ''
      for (const character of text) {
        const bytes = bytesOf(character)
        for (const byte of bytes.slice(0, -1)) assert.is(decoder.decode([byte]), '')
        given += decoder.decode(bytes.slice(-1))
        assert.ok(given.endsWith(character))
      }
      assert.is(given + decoder.flush(), text)
    }),
  )
})

test('a space is dropped at the start of a text only', () => {
  const decoder = new StreamDecoder(table, { atStart: true })
  assert.is(decoder.decode([id('<s>')]), '')
  assert.is(decoder.decode([id('▁a')]), 'a')
  assert.is(decoder.decode([id('▁a')]), ' a')
  assert.is(detokenize(table, [id('▁▁'), id('b')]), ' b')
  assert.is(detokenize(table, [id('b'), id('▁a')]), 'b a')
  assert.is(detokenize(table, [id('▁a')], { atStart: false }), ' a')
  assert.is(detokenize(table, [id(' '), id('b')]), 'b')
  assert.is(detokenize(table, []), '')
})

test('control tokens are left out, or shown by their text', () => {
  const ids = [id('<s>'), id('▁a'), id('<|x|>'), id('<unk>'), id('b'), id('</s>')]
  assert.is(detokenize(table, ids), 'a<|x|>b')
  assert.is(detokenize(table, ids, { atStart: true, showControls: true }), '<s> a<|x|><unk>b</s>')
})

test('a character that never gets complete is replaced at the end', () => {
  const decoder = new StreamDecoder(table, { atStart: false })
  assert.is(decoder.decode(bytesOf('🚀').slice(0, 3)), '')
  assert.is(decoder.flush(), '\ufffd')
  assert.is(decoder.flush(), '')
  assert.is(decoder.decode([id('b')]), 'b')
  assert.is(detokenize(table, bytesOf('\ufeffx')), '\ufeffx')
})

test('an id beyond the vocabulary is refused and changes nothing', () => {
  const decoder = new StreamDecoder(table, { atStart: true })
  for (const bad of [TEXTS.length, -1, 0.5, Number.NaN]) {
    try {
      decoder.decode([id('▁a'), bad])
      assert.unreachable()
    } catch (error) {
      assert.is((error as TsinferError).code, 'prompt_invalid')
    }
  }
  assert.is(decoder.decode([id('▁a')]), 'a')
})

test('the tables can be posted without a copy', () => {
  const posted = structuredClone(table)
  assert.is(detokenize(posted, [id('▁a'), id('<|x|>')]), 'a<|x|>')
  assert.instance(posted.pieces.bytes.buffer, SharedArrayBuffer)
  assert.instance(posted.pieces.offsets.buffer, SharedArrayBuffer)
})

test.run()
