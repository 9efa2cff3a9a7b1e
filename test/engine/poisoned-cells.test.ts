// No row reads a cell that nobody has written for it: cells hold NaN until they are written, and the text is still what it
// is otherwise. Cancelled rows poison their cells.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Engine } from '../../engine/engine.ts'
import { openGguf } from '../../engine/gguf/file.ts'
import { loadKernels } from '../../engine/load/kernel-builds.ts'
import { preparePair } from '../../engine/load/prepare.ts'
import { resolveSampling } from '../../engine/sampling/parameters.ts'
import { resolveDraft } from '../../engine/speculation/parameters.ts'
import { repositoryPath } from '../shared.ts'
import type { Poisoning } from '../stages/poisoning-forward.ts'
import { type Continuation, EMBEDDED_MODEL, generate, startEngine } from './started-engine.ts'

const FORWARD = new URL('../stages/poisoning-forward.js', import.meta.url).href
const PROMPT = [1, 403, 407, 261, 378, 403, 407, 261, 378, 403, 407]

const poisoned = (stages: number, settings: Poisoning) =>
  startEngine(EMBEDDED_MODEL, { stages, lanes: 2, context: 256, sequences: 3 }, 'auto', { href: FORWARD, settings })

const CASES: readonly Continuation[] = [
  { tokensMax: 120 },
  { tokensMax: 60, sampling: { temperature: 0.8, seed: 4 }, choices: 3 },
]
const DRAFTS = (['sync', 'pipe', 'auto'] as const).flatMap((policy) => [
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

test('nor does a draft model: its guesses are as good', async () => {
  const file = openGguf(EMBEDDED_MODEL)
  const draftFile = openGguf(repositoryPath('cli/models/stories75K-draft.gguf'))
  const { prepared, draft } = preparePair(file, draftFile, { stages: 2, context: 256, sequences: 3, threads: 2 }, 2)
  const { module } = loadKernels('auto')
  const forward = { href: FORWARD, settings: { all: false } }
  const write = async (isPoisoned: boolean) => {
    const parts = isPoisoned ? { forward } : {}
    const engine = await Engine.start({ ...prepared, ...parts }, module, { draft: { ...draft, ...parts } })
    const request = {
      kind: 'generate',
      prompt: Int32Array.from(PROMPT),
      parameters: resolveSampling({ temperature: 0 }, prepared.config.vocabularySize, 1),
      choices: 1,
      tokensMax: 60,
      stopTokens: [],
      stopStrings: [],
      // What sync sends does not depend on who is faster.
      draft: resolveDraft('sync', { pMin: 0 }),
    } as const
    const tokens: number[] = []
    let accepted = 0
    try {
      for await (const event of engine.request(request)) {
        if (event.kind === 'token') tokens.push(event.token)
        if (event.kind === 'done') accepted = event.figures.drafts.accepted
      }
    } finally {
      await engine.close()
    }
    return { tokens, accepted }
  }
  const clean = await write(false)
  assert.ok(clean.accepted > 0)
  assert.equal(await write(true), clean)
})

test('a row that reads a poisoned cell is noticed', async () => {
  await using started = await poisoned(2, { all: true })
  const error = await generate(started, PROMPT, { tokensMax: 10 }).catch((reason) => reason)
  assert.is(error.code, 'logits_nan')
})

test.run()
