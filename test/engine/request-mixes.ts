// Many requests at once on real stages: whoever comes when, whatever pauses, and however beginnings are shared, every text is
// the one that its request writes alone.
import * as assert from 'uvu/assert'
import type { Random } from '../../bench/forge/random.ts'
import { resolveDraft } from '../../engine/speculation/parameters.ts'
import { type Continuation, EMBEDDED_MODEL, generate, type StartedEngine, startEngine } from './started-engine.ts'

const CONTEXT = 128
/** What many of the prompts begin with. */
const COMMON = Array.from({ length: 40 }, (_, i) => 3 + ((i * 211) % 497))

interface Asked {
  readonly prompt: readonly number[]
  readonly continuation: Continuation
  /** Turns of the event loop before it is asked. */
  readonly turns: number
}

function drawRequest(random: Random): Asked {
  const own = Array.from({ length: random.int(1, 30) }, () => random.int(3, 500))
  const prompt = random.chance(0.6) ? [...COMMON.slice(0, random.int(17, COMMON.length)), ...own] : own
  const policy = random.pick([undefined, undefined, 'sync', 'pipe', 'auto'] as const)
  const draft = policy && resolveDraft(policy, { pMin: 0 })
  const sampling = random.chance(0.5) ? { temperature: 0 } : { temperature: 0.9, seed: random.int(0, 1000) }
  const continuation = {
    tokensMax: random.int(1, CONTEXT),
    sampling,
    choices: random.chance(0.8) ? 1 : 2,
    ...(draft && { draft }),
  }
  return { prompt, continuation, turns: random.pick([0, 0, 3, 40, 200]) }
}

async function later(started: StartedEngine, { prompt, continuation, turns }: Asked): Promise<number[][]> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve))
  return generate(started, prompt, continuation)
}

/** Runs `mixes` random mixes over so many stages. Throws where a text is another one. */
export async function runMixes(random: Random, mixes: number, stages: number): Promise<void> {
  // Cells for two texts of full length: many pause.
  await using crowded = await startEngine(EMBEDDED_MODEL, {
    stages,
    context: CONTEXT,
    sequences: 2,
    kvCells: 2 * CONTEXT,
    chunkRows: 16,
  })
  await using alone = await startEngine(EMBEDDED_MODEL, { context: CONTEXT, sequences: 2 })
  for (let mix = 0; mix < mixes; mix++) {
    const asked = Array.from({ length: random.int(2, 9) }, () => drawRequest(random))
    const together = await Promise.all(asked.map((one) => later(crowded, one)))
    for (const [i, { prompt, continuation }] of asked.entries()) {
      const { draft: _, ...plain } = continuation
      assert.equal(together[i], await generate(alone, prompt, plain), `mix ${mix}, request ${i}`)
    }
  }
}
