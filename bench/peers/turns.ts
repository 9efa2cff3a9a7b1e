// One model: every engine in a process of its own, all loaded, measured in turns. The processes stay loaded for all rounds, as
// an application would keep them; that the idle ones leave the processor alone is measured.
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { TsinferError } from '../../engine/index.ts'
import { inspectModel } from '../../index.ts'
import { WARM_UP_POSITIONS } from '../generation.ts'
import { inTurns } from '../harness.ts'
import { ENGINES, EngineProcess } from './engine-process.ts'
import type { Generated, Loaded } from './protocol.ts'
import { contextOf, idleShare, type Measurements, type Test } from './summary.ts'

/** A turn takes at least this long: short tests are repeated. */
const TURN_MS = 500
const PAUSE_MS = 200
/** For the kernel to notice that a program has come. */
const BUSY_MS = 100
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
  // An interruption ends the processes, which fails the task that is waiting.
  const stop = () => {
    for (const engine of engines) engine.process[Symbol.dispose]()
  }
  signal.addEventListener('abort', stop, { once: true })
  const turns = { pauseMs: PAUSE_MS, signal }
  try {
    const vocabularySize = await vocabularySizeOf(path)
    const context = Math.max(WARM_UP_POSITIONS, contextOf(plan.tests))
    await inTurns(engines, { ...turns, what: `${name}, loading`, rounds: plan.loads }, async (engine) => {
      const threads = engine.engine === 'tsinfer' ? plan.threads : plan.peerThreads
      const load = { path, vocabularySize, context, threads, mayMap: plan.mayMap }
      engine.loaded = await engine.process.load(load)
      engine.loadsMs.push(engine.loaded.loadMs)
    })
    await inTurns(engines, { ...turns, what: `${name}, warm-up`, rounds: 1 }, ({ process }) => process.warmUp())
    const pairs = plan.tests.flatMap((test) => engines.map((engine) => ({ test, engine })))
    await inTurns(pairs, { ...turns, what: name, rounds: plan.rounds }, async ({ test, engine }) => {
      using _busy = await keepBusy(test.busyCore)
      const { prompt, tokens } = test
      engine.rounds.get(test.name)!.push(await engine.process.generate({ prompt, tokens, leastMs: TURN_MS }))
    })
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

/** Until it is disposed of, a program beside the engine takes all that it gets of a core. */
async function keepBusy(core: number | undefined): Promise<Disposable | undefined> {
  if (core === undefined) return undefined
  const child = spawn('taskset', ['-c', String(core), 'sh', '-c', 'while :; do :; done'], { stdio: 'ignore' })
  await sleep(BUSY_MS)
  return { [Symbol.dispose]: () => child.kill('SIGKILL') }
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
async function vocabularySizeOf(path: string): Promise<number> {
  const { metadata } = await inspectModel(path)
  const words = metadata.find(({ key }) => key === 'tokenizer.ggml.tokens')?.length
  if (words !== undefined) return words
  throw new TsinferError('tokenizer_invalid', `${path}: expected a vocabulary (tokenizer.ggml.tokens), found none`)
}
