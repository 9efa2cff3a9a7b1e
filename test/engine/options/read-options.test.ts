import { runInNewContext } from 'node:vm'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../../engine/errors.ts'
import { readOptions } from '../../../engine/options/read-options.ts'
import { CHAT, GENERATE, LOAD } from '../../../engine/options/table.ts'

/** The message with which options are refused. */
function refusalOf(table: Parameters<typeof readOptions>[0], given: unknown): string {
  try {
    readOptions(table, given)
  } catch (error) {
    assert.instance(error, TsinferError)
    assert.is((error as TsinferError).code, 'option_invalid')
    return (error as TsinferError).message
  }
  throw new Error('expected a refusal')
}

const refuses = (given: unknown, message: string, table: Parameters<typeof readOptions>[0] = GENERATE): void =>
  assert.is(refusalOf(table, given), message)

test('option table: what was given is read, what is absent stays absent', () => {
  assert.equal(readOptions(GENERATE, undefined), {})
  assert.equal(readOptions(GENERATE, { temperature: undefined }), {})
  assert.equal(readOptions(GENERATE, { topK: 3, stop: 'x', draft: { nMax: 2 } }), {
    topK: 3,
    stop: ['x'],
    draft: { nMax: 2 },
  })
})

test('option table: numbers out of range or of another kind', () => {
  refuses({ temperature: -1 }, 'temperature: expected a number of at least 0, found -1')
  refuses({ temperature: Number.NaN }, 'temperature: expected a number of at least 0, found NaN')
  refuses({ temperature: Number.POSITIVE_INFINITY }, 'temperature: expected a number of at least 0, found Infinity')
  refuses({ topK: 1.5 }, 'topK: expected an integer of at least 0, found 1.5')
  refuses({ topK: '40' }, 'topK: expected an integer of at least 0, found "40"')
  refuses({ topP: 1.01 }, 'topP: expected a number from 0 to 1, found 1.01')
  refuses({ repeatPenalty: 0 }, 'repeatPenalty: expected a number above 0, found 0')
  refuses({ repeatLastN: -2 }, 'repeatLastN: expected an integer from -1 to 1048576, found -2')
  refuses(
    { repeatLastN: Number.MAX_SAFE_INTEGER },
    'repeatLastN: expected an integer from -1 to 1048576, found 9007199254740991',
  )
  refuses({ presencePenalty: Number.NaN }, 'presencePenalty: expected a finite number, found NaN')
  refuses({ seed: 2 ** 32 }, 'seed: expected an integer from 0 to 4294967295, found 4294967296')
  refuses({ seed: 1n }, 'seed: expected an integer from 0 to 4294967295, found 1n')
  refuses({ choices: 1e10 }, 'choices: expected an integer from 1 to 64, found 10000000000')
  refuses({ maxTokens: -1 }, 'maxTokens: expected an integer of at least 0, found -1')
  refuses({ chunkRows: 513 }, 'chunkRows: expected an integer from 1 to 512, found 513', LOAD)
  refuses({ threads: 0 }, 'threads: expected an integer from 1 to 4096, found 0', LOAD)
  refuses({ kvTypeV: 'q4_0' }, 'kvTypeV: expected one of f32, f16, q8_0, found "q4_0"', LOAD)
})

test('option table: members are named with what they are members of', () => {
  refuses({ draft: { nMax: 33 } }, 'draft.nMax: expected an integer from 1 to 32, found 33')
  refuses({ draft: { nMax: 1.5 } }, 'draft.nMax: expected an integer from 1 to 32, found 1.5')
  refuses({ draft: { pMin: '0.5' } }, 'draft.pMin: expected a number from 0 to 1, found "0.5"')
  refuses({ stop: ['a', 3] }, 'stop[1]: expected a text, found 3')
  refuses(
    { logitBias: { 1: Number.POSITIVE_INFINITY } },
    'logitBias[1]: expected a finite number or -Infinity, found Infinity',
  )
  refuses({ logitBias: { x: 1 } }, 'logitBias: expected token ids, found "x"')
  refuses(
    { responseFormat: { type: 'xml' } },
    'responseFormat.type: expected one of text, json_object, json_schema, grammar, regex, choice, found "xml"',
  )
  refuses(
    { responseFormat: {} },
    'responseFormat.type: expected one of text, json_object, json_schema, grammar, regex, choice, found undefined',
  )
})

test('option table: lists may be typed arrays, and a Date one of another realm', () => {
  for (const stopIds of [[3, 5], Int32Array.of(3, 5), Uint16Array.of(3, 5), Float64Array.of(3, 5)]) {
    assert.equal(readOptions(GENERATE, { stopIds }), { stopIds: [3, 5] })
  }
  refuses({ stopIds: Float32Array.of(3, 0.5) }, 'stopIds[1]: expected an integer from 0 to 2097151, found 0.5')
  refuses({ stopIds: Int8Array.of(-1) }, 'stopIds[0]: expected an integer from 0 to 2097151, found -1')
  const lists = /^stopIds: expected a list of at most 2097152 token ids, found /
  for (const stopIds of [new DataView(new ArrayBuffer(4)), { 0: 3, length: 1 }, 3]) {
    assert.match(refusalOf(GENERATE, { stopIds }), lists)
  }
  const now = runInNewContext('new Date(86400000)')
  const read = readOptions(CHAT, { now }).now
  assert.instance(read, Date)
  assert.is(Number(read), 86400000)
  for (const odd of [{}, 5, '2020', new Date(Number.NaN), Object.create(Date.prototype)]) {
    assert.match(refusalOf(CHAT, { now: odd }), /^now: expected a Date of some day, found /)
  }
})

test('option table: an unknown name is refused with the nearest known one', () => {
  refuses({ temprature: 1 }, 'options: unknown option "temprature"; did you mean temperature?')
  refuses({ max_tokens: 1 }, 'options: unknown option "max_tokens"; did you mean maxTokens?')
  refuses({ top_p: 1 }, 'options: unknown option "top_p"; did you mean topP?')
  refuses({ draft: { nmax: 1 } }, 'draft: unknown option "nmax"; did you mean nMax?')
  assert.match(refusalOf(LOAD, { gpuLayers: 1 }), /^options: unknown option "gpuLayers", known are context, threads, /)
  assert.ok(refusalOf(GENERATE, { ['x'.repeat(1e6)]: 1 }).length < 600)
})

test('option table: only an object has options', () => {
  for (const [given, found] of [
    [null, 'null'],
    ['topK', '"topK"'],
    [3, '3'],
    [[], 'an array'],
    [new Map([['topK', 1]]), 'an object'],
    [() => 1, 'a function'],
    [new Uint8Array(8), 'an object'],
  ] as const) {
    refuses(given, `options: expected an object, found ${found}`)
  }
  class Settings {
    temperature = 0
  }
  assert.equal(readOptions(GENERATE, new Settings()), { temperature: 0 })
})

test.run()
