// Events of the engine as text: control tokens that are shown keep their place, with stop strings and without.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { answerMarks } from '../../api/chat-answers.ts'
import { followGeneration, PLAIN_VIEW, type PreparedGeneration } from '../../api/generation.ts'
import type { GenerateResult, ModelInfo, Piece, RequestFigures } from '../../engine/index.ts'
import { resolveSampling } from '../../engine/sampling/parameters.ts'
import { fakeVocabulary } from '../tokenizer/fake-metadata.ts'

const TOKENS = ['<unk>', '<|python_tag|>', '<|eot_id|>', 'ab', 'c', 'END', 'x', '<|other|>']
const { table } = fakeVocabulary({
  model: 'gpt2',
  pre: 'llama-bpe',
  'tokenizer.ggml.bos_token_id': 2,
  tokens: TOKENS,
  token_type: [2, 3, 3, 1, 1, 1, 1, 3],
  merges: [],
})

async function textOf(words: readonly string[], stop: readonly string[] = []): Promise<readonly [string, string]> {
  const none = { stageUtilisation: [], runsInFlight: null, tokensPerRun: null }
  const empty = new Float64Array(0)
  const figures = { gapsMs: empty, drafts: {}, whole: none, decode: none, stopsUs: empty } as unknown as RequestFigures
  const stopStrings = stop.map((text) => new TextEncoder().encode(text))
  const prepared: PreparedGeneration<Piece, GenerateResult> = {
    request: { choices: 1, stopStrings, parameters: resolveSampling({}, TOKENS.length, 0) },
    calledMs: 0,
    promptIds: [],
    table,
    info: { plan: {} } as unknown as ModelInfo,
    shown: answerMarks(table),
    view: PLAIN_VIEW,
    send(sink) {
      for (const word of words) sink.push({ kind: 'token', choice: 0, token: TOKENS.indexOf(word) })
      sink.push({ kind: 'finish', choice: 0, reason: 'stop' })
      sink.push({ kind: 'done', figures })
      sink.finish()
    },
    onEnd() {},
  }
  const generation = followGeneration(Promise.resolve(prepared), () => {})
  let pieces = ''
  for await (const { text } of generation) pieces += text
  return [pieces, (await generation.result).choices[0]!.text]
}

test('of the control tokens, those that mark parts of an answer', () => {
  assert.equal([...answerMarks(table)], [[1, '<|python_tag|>']])
})

test('they stand where they were generated', async () => {
  const words = ['ab', '<|other|>', '<|python_tag|>', 'c', '<|python_tag|>']
  const text = 'ab<|python_tag|>c<|python_tag|>'
  assert.equal(await textOf(words), [text, text])
  assert.equal(await textOf(words, ['END', 'abX']), [text, text])
  // Held back with the text before them, and cut off with it.
  assert.equal(await textOf(['c', '<|python_tag|>', 'END'], ['END']), ['c<|python_tag|>', 'c<|python_tag|>'])
  assert.equal(await textOf(['ab', '<|python_tag|>', 'c'], ['bc']), ['a', 'a'])
  assert.equal(await textOf(['ab', '<|python_tag|>', 'x'], ['bc']), ['ab<|python_tag|>x', 'ab<|python_tag|>x'])
})

test.run()
