// One model: every engine in a process of its own, all loaded, measured in turns A B A B.
import { setTimeout as sleep } from 'node:timers/promises'
import { note } from '../../cli/shell/output.ts'
import { TsinferError } from '../../engine/index.ts'
import { inspectModel } from '../../index.ts'
import { WARM_UP_POSITIONS } from '../generation.ts'
import { ENGINES, EngineProcess } from './engine-process.ts'
import type { Generated, Loaded } from './protocol.ts'
import { contextOf, idleShare, type Measurements, type Test } from './summary.ts'

/** A turn takes at least this long: short tests are repeated. */
const TURN_MS = 500
/** After a turn, so that threads which spin for a while have parked before the other engine's turn. */
const PAUSE_MS = 200
const IDLE_SHARE_MAX = 0.05

/** What is measured, and how. */
export interface Plan {
  readonly engines: readonly string[]
  readonly tests: readonly Test[]
  readonly rounds: number
  readonly loads: number
  readonly threads: number
  readonly peerThreads: number
  readonly mayMap: boolean
  readonly node: string
}

/** Measures one model with all engines. Their processes end with it. */
export async function measureModel(
  name: string,
  path: string,
  plan: Plan,
  signal: AbortSignal,
): Promise<{ engines: Measurements[]; loaded: Loaded[]; notes: string[] }> {
  const engines = plan.engines.map((engine) => ({
    process: new EngineProcess(engine, ENGINES[engine]!, plan.node),
    engine,
    loadsMs: [] as number[],
    rounds: new Map(plan.tests.map((test): [string, Generated[]] => [test.name, []])),
    loaded: undefined as Loaded | undefined,
  }))
  const inTurn = async (what: string, task: (engine: (typeof engines)[number]) => Promise<unknown>): Promise<void> => {
    for (const engine of engines) {
      signal.throwIfAborted()
      note(`${name}: ${what}, ${engine.engine}\n`)
      await task(engine)
      await sleep(PAUSE_MS)
    }
  }
  // An interruption ends the processes, which fails the task that is waiting.
  const stop = () => {
    for (const engine of engines) engine.process[Symbol.dispose]()
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    const vocabularySize = await vocabularySizeOf(path)
    const load = {
      path,
      vocabularySize,
      context: Math.max(WARM_UP_POSITIONS, contextOf(plan.tests)),
      mayMap: plan.mayMap,
    }
    for (let i = 1; i <= plan.loads; i++) {
      await inTurn(`load ${i} of ${plan.loads}`, async (engine) => {
        const threads = engine.engine === 'tsinfer' ? plan.threads : plan.peerThreads
        const loaded = await engine.process.load({ ...load, threads })
        engine.loadsMs.push(loaded.loadMs)
        engine.loaded = loaded
      })
    }
    await inTurn('warm-up', (engine) => engine.process.warmUp())
    for (let round = 1; round <= plan.rounds; round++) {
      for (const { name: test, prompt, tokens } of plan.tests) {
        await inTurn(`round ${round} of ${plan.rounds}, ${test}`, async (engine) => {
          engine.rounds.get(test)!.push(await engine.process.generate({ prompt, tokens, leastMs: TURN_MS }))
        })
      }
    }
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
  return {
    engines,
    loaded: engines.map(({ loaded }) => loaded!),
    notes: engines.map((engine) => describe(name, engine, engine.loaded!)),
  }
}

function describe(model: string, measurements: Measurements, { version, settings, node }: Loaded): string {
  const peakBytes = Math.max(...[...measurements.rounds.values()].flat().map((round) => round.peakBytes))
  const idle = idleShare(measurements)
  const warning = idle > IDLE_SHARE_MAX ? '. **It was not idle while the other was measured**' : ''
  return (
    `- ${model}: ${version}, Node ${node}: ${settings}; peak memory ${(peakBytes / 1e6).toFixed(0)} MB, ` +
    `${(100 * idle).toFixed(1)} % of a core between turns${warning}`
  )
}

/** Words of the vocabulary in the file's header. */
export async function vocabularySizeOf(path: string): Promise<number> {
  const { metadata } = await inspectModel(path)
  const words = metadata.find(({ key }) => key === 'tokenizer.ggml.tokens')?.length
  if (words !== undefined) return words
  throw new TsinferError('tokenizer_invalid', `${path}: expected a vocabulary (tokenizer.ggml.tokens), found none`)
}
