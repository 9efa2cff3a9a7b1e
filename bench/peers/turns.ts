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

/** How engines are loaded. */
export interface EnginePlan {
  readonly engines: readonly string[]
  readonly loads: number
  readonly threads: number
  readonly peerThreads: number
  readonly mayMap: boolean
  readonly node: string
}

/** What is measured, and how. */
export interface Plan extends EnginePlan {
  readonly tests: readonly Test[]
  readonly rounds: number
}

export interface LoadedEngine {
  readonly engine: string
  readonly process: EngineProcess
  readonly loadsMs: readonly number[]
  readonly loaded: Loaded
}

/** Room for texts. */
interface Room {
  /** Positions of each. */
  readonly context: number
  /** At once. */
  readonly sequences: number
}

/** Measures one model with all engines, loaded and warm. Their processes end with it. */
export async function withEngines<T>(
  name: string,
  path: string,
  { engines, loads, threads, peerThreads, mayMap, node }: EnginePlan,
  { context, sequences }: Room,
  signal: AbortSignal,
  measure: (engines: readonly LoadedEngine[]) => Promise<T>,
): Promise<T> {
  const started = engines.map((engine) => ({
    process: new EngineProcess(engine, ENGINES[engine]!, node),
    engine,
    loadsMs: [] as number[],
    loaded: undefined as Loaded | undefined,
  }))
  // An interruption ends the processes, which fails the task that is waiting.
  const stop = () => {
    for (const engine of started) engine.process[Symbol.dispose]()
  }
  signal.addEventListener('abort', stop, { once: true })
  const turns = { pauseMs: PAUSE_MS, signal }
  try {
    const room = {
      vocabularySize: await vocabularySizeOf(path),
      context: Math.max(WARM_UP_POSITIONS, context),
      sequences,
    }
    await inTurns(started, { ...turns, what: `${name}, loading`, rounds: loads }, async (engine) => {
      const ownThreads = engine.engine === 'tsinfer' ? threads : peerThreads
      engine.loaded = await engine.process.load({ path, ...room, threads: ownThreads, mayMap })
      engine.loadsMs.push(engine.loaded.loadMs)
    })
    await inTurns(started, { ...turns, what: `${name}, warm-up`, rounds: 1 }, ({ process }) => process.warmUp())
    return await measure(started.map((engine) => ({ ...engine, loaded: engine.loaded! })))
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
}

/** Every engine has its turn at every test, several times. */
export const engineTurns = <One>(
  name: string,
  tests: readonly One[],
  engines: readonly LoadedEngine[],
  { rounds, signal }: { readonly rounds: number; readonly signal: AbortSignal },
  turn: (test: One, engine: LoadedEngine) => Promise<void>,
): Promise<void> => {
  const pairs = tests.flatMap((test) => engines.map((engine) => ({ test, engine })))
  const turns = { what: name, pauseMs: PAUSE_MS, rounds, signal }
  return inTurns(pairs, turns, ({ test, engine }) => turn(test, engine))
}

/** Measures one model with all engines. */
export function measureModel(
  name: string,
  path: string,
  plan: Plan,
  signal: AbortSignal,
): Promise<{ engines: Measurements[]; loaded: Loaded[]; notes: string[] }> {
  const { tests, rounds } = plan
  const room = { context: contextOf(tests), sequences: 1 }
  return withEngines(name, path, plan, room, signal, async (loaded) => {
    const engines = loaded.map(({ engine, loadsMs }) => ({
      ...{ engine, loadsMs },
      rounds: new Map(tests.map((test): [string, Generated[]] => [test.name, []])),
    }))
    await engineTurns(name, tests, loaded, { rounds, signal }, async (test, engine) => {
      using _busy = await keepBusy(test.busyCore)
      const { prompt, tokens } = test
      const found = await engine.process.generate({ prompt, tokens, leastMs: TURN_MS })
      engines[loaded.indexOf(engine)]!.rounds.get(test.name)!.push(found)
    })
    return {
      engines,
      loaded: loaded.map((engine) => engine.loaded),
      notes: engines.map((engine, i) => describe(name, engine, loaded[i]!.loaded)),
    }
  })
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
