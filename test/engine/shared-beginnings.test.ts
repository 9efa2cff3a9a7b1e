// A system prompt that many requests have in common, on real stages: it is evaluated once and lies in cells once.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { resolveSampling } from '../../engine/sampling/parameters.ts'
import { EMBEDDED_MODEL, type StartedEngine, startEngine } from './started-engine.ts'

const COMMON = Array.from({ length: 1000 }, (_, i) => 3 + ((i * 211) % 497))
const promptOf = (i: number) => [...COMMON, 3 + i, 40 + i, 7]
const SIZES = { context: 1100, sequences: 32 }

interface Answer {
  readonly tokens: readonly number[]
  /** Prompt tokens that were not evaluated. */
  readonly reused: number
}

/** `onToken`: called with the first token. */
async function ask(
  { engine, vocabularySize }: StartedEngine,
  prompt: readonly number[],
  tokensMax: number,
  more: { readonly client?: number; readonly onToken?: () => void } = {},
): Promise<Answer> {
  const { onToken, ...standing } = more
  const parameters = resolveSampling({ temperature: 0 }, vocabularySize, 1)
  const stops = { stopTokens: [], stopStrings: [] }
  const request = { kind: 'generate', prompt: Int32Array.from(prompt), parameters, choices: 1, tokensMax } as const
  const tokens: number[] = []
  for await (const event of engine.request({ ...request, ...stops, ...standing })) {
    if (event.kind === 'token' && tokens.push(event.token) === 1) onToken?.()
    if (event.kind === 'done') return { tokens, reused: event.figures.reused }
  }
  throw new Error('no end')
}

test('32 requests at once evaluate 1000 common tokens once, and hold them once', async () => {
  await using together = await startEngine(EMBEDDED_MODEL, SIZES)
  const prompts = Array.from({ length: 32 }, (_, i) => promptOf(i))
  const answers = await Promise.all(prompts.map((prompt) => ask(together, prompt, 1)))
  const reused = answers.map((answer) => answer.reused)
  assert.equal(reused, [0, ...Array.from({ length: 31 }, () => 1000)])
  const { kept } = together.engine.totals
  assert.equal(kept, { texts: 32, tokens: 1000 + 32 * 3, hits: 31, reusedTokens: 31 * 1000, evictions: 0 })
  await using alone = await startEngine(EMBEDDED_MODEL, SIZES)
  for (const i of [0, 17, 31]) {
    // Each for a client of its own: nothing is shared.
    const solo = await ask(alone, prompts[i]!, 1, { client: i })
    assert.equal([solo.tokens, solo.reused], [answers[i]!.tokens, 0])
  }
})

test('a request that comes after the first token of another evaluates its own tokens only', async () => {
  await using started = await startEngine(EMBEDDED_MODEL, SIZES)
  const own = Array.from({ length: 32 }, (_, i) => 9 + i)
  let second: Promise<Answer> | undefined
  const onToken = () => {
    second = ask(started, [...COMMON, ...own], 1)
  }
  await ask(started, promptOf(1), 60, { onToken })
  assert.is((await second!).reused, 1000)
})

test.run()
