// Decode speed while another program keeps a core busy, as a share of the quiet speed, for each engine.
import { spawn } from 'node:child_process'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { note } from '../../cli/shell/output.ts'
import { machineTopology } from '../../engine/index.ts'
import { WARM_UP_POSITIONS } from '../generation.ts'
import { count, defineBench } from '../harness.ts'
import { CACHE_OPTION, MODEL_NAMES, modelFile } from '../model-files.ts'
import { decodeSpeed } from '../statistics.ts'
import { ENGINES, EngineProcess, engineNames } from './engine-process.ts'
import { vocabularySizeOf } from './turns.ts'

const DEFAULT_MODEL = '1b-Q4_0-Q6_K'
const DEFAULT_ENGINES = 'tsinfer,node-llama-cpp'
const ROUNDS = 3
const TOKENS = 32
const TURN_MS = 500
/** For the kernel to notice that a program has come or gone, and for spinning threads to park. */
const PAUSE_MS = 300

export const bench = defineBench({
  usage: `[MODEL] [--engines ${DEFAULT_ENGINES}] [--core 0] [--rounds 3] [--tokens 32]`,
  positionalsMax: 1,
  options: {
    engines: {
      kind: 'text',
      names: ['--engines'],
      value: 'NAME,...',
      help: `one after the other (${DEFAULT_ENGINES})`,
    },
    core: count(['--core'], 'core that is kept busy (0)', 0),
    rounds: count(['--rounds', '-r'], 'turns of each kind (3)'),
    tokens: count(['--tokens', '-n'], 'tokens timed per turn (32)'),
    threads: count(['--threads', '-t'], 'cores to use (all usable ones)'),
    node: { kind: 'text', names: ['--node'], value: 'FILE', help: 'Node binary for all engines (this one)' },
    cache: CACHE_OPTION,
  },
  async measure({ values, positionals, signal }) {
    const { core = 0, rounds = ROUNDS, tokens = TOKENS, node = process.execPath } = values
    const threads = values.threads ?? machineTopology().usableCores
    const [model = DEFAULT_MODEL] = positionals
    const path = modelFile(model, values.cache)
    const vocabularySize = await vocabularySizeOf(path)
    const rows: object[] = []
    const notes = [`Medians; kept: loaded over quiet. A model is ${MODEL_NAMES}.`]
    for (const name of engineNames(values.engines ?? DEFAULT_ENGINES)) {
      using engine = new EngineProcess(name, ENGINES[name]!, node)
      const stop = () => engine[Symbol.dispose]()
      signal.addEventListener('abort', stop, { once: true })
      const context = Math.max(WARM_UP_POSITIONS, tokens + 2)
      const { version, settings } = await engine.load({ path, vocabularySize, context, threads, mayMap: true })
      await engine.warmUp()
      rows.push({ engine: name, ...(await measure(engine, core, rounds, tokens)) })
      notes.push(`- ${version}: ${settings}`)
      signal.removeEventListener('abort', stop)
    }
    const about = `${basename(path, '.gguf')}: decode with a busy loop on core ${core}, ${threads} threads, tok/s`
    const options = { model, core, rounds, tokens, threads, node }
    return { about, options, columns: COLUMNS, rows, notes }
  },
})

const COLUMNS = [
  { key: 'engine', title: 'engine' },
  { key: 'quiet', title: 'quiet' },
  { key: 'quietBest', title: 'best token' },
  { key: 'loaded', title: 'loaded' },
  { key: 'loadedMean', title: 'mean' },
  { key: 'kept', title: 'kept', decimals: 2 },
  { key: 'keptOfMeans', title: 'of means', decimals: 2 },
]

/** Quiet and loaded turns, one after the other. */
async function measure(engine: EngineProcess, core: number, rounds: number, tokens: number) {
  const times: Record<'quiet' | 'loaded', (readonly number[])[]> = { quiet: [], loaded: [] }
  for (let round = 1; round <= rounds; round++) {
    for (const kind of ['quiet', 'loaded'] as const) {
      note(`${engine.name}: round ${round} of ${rounds}, ${kind}\n`)
      using _busy = kind === 'loaded' ? keepBusy(core) : undefined
      await sleep(PAUSE_MS)
      const { generations } = await engine.generate({ prompt: 1, tokens: tokens + 1, leastMs: TURN_MS })
      times[kind].push(...generations.map(({ arrivalsMs }) => arrivalsMs))
    }
  }
  const [quiet, loaded] = [decodeSpeed(times.quiet), decodeSpeed(times.loaded)]
  return {
    quiet: quiet.medianTokS,
    quietBest: quiet.bestTokS,
    loaded: loaded.medianTokS,
    loadedMean: loaded.meanTokS,
    kept: loaded.medianTokS / quiet.medianTokS,
    keptOfMeans: loaded.meanTokS / quiet.meanTokS,
  }
}

function keepBusy(core: number): Disposable {
  const child = spawn('taskset', ['-c', String(core), 'sh', '-c', 'while :; do :; done'], { stdio: 'ignore' })
  return { [Symbol.dispose]: () => child.kill('SIGKILL') }
}
