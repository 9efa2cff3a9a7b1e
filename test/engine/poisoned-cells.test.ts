// No row reads a cell that nobody has written for it: cells hold NaN until they are written, and the text is still what it
// is otherwise. Cancelled rows poison their cells.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { resolveDraft } from '../../engine/spec/parameters.ts'
import type { Poisoning } from './poisoning-forward.ts'
import { type Continuation, EMBEDDED_MODEL, generate, startEngine } from './started-engine.ts'

const FORWARD = new URL('./poisoning-forward.js', import.meta.url).href
const PROMPT = [1, 403, 407, 261, 378, 403, 407, 261, 378, 403, 407]

const poisoned = (stages: number, settings: Poisoning) =>
  startEngine(EMBEDDED_MODEL, { stages, lanes: 2, context: 256, sequences: 3 }, 'auto', { href: FORWARD, settings })

const CASES: readonly Continuation[] = [
  { tokensMax: 120 },
  { tokensMax: 60, sampling: { temperature: 0.8, seed: 4 }, choices: 3 },
]
const DRAFTS = (['sync', 'pipe'] as const).flatMap((policy) => [
  resolveDraft(policy, { pMin: 0 }),
  resolveDraft(policy, { pMin: 0, nMax: 8, pSplit: 0 }),
])

for (const stages of [1, 2, 3, 5]) {
  test(`${stages} stages: nobody reads a cell that nobody wrote`, async () => {
    await using clean = await startEngine(EMBEDDED_MODEL, { context: 256, sequences: 3 })
    await using started = await poisoned(stages, { all: false })
    for (const continuation of CASES) {
      const expected = await generate(clean, PROMPT, continuation)
      assert.equal(await generate(started, PROMPT, continuation), expected)
      for (const draft of DRAFTS) {
        const together = [1, 2].map(() => generate(started, PROMPT, { ...continuation, draft }))
        for (const tokens of await Promise.all(together)) assert.equal(tokens, expected, JSON.stringify(draft))
      }
    }
  })
}

test('a row that reads a poisoned cell is noticed', async () => {
  await using started = await poisoned(2, { all: true })
  const error = await generate(started, PROMPT, { tokensMax: 10 }).catch((reason) => reason)
  assert.is(error.code, 'logits_nan')
})

test.run()
