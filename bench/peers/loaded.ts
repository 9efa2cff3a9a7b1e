// Decode speed while another program keeps a core busy, as a share of the quiet speed, for each engine.
import { basename } from 'node:path'
import { machineTopology } from '../../engine/index.ts'
import { count, defineBench, text } from '../harness.ts'
import { CACHE_OPTION, MODEL_NAMES, modelFile } from '../model-files.ts'
import { decodeSpeed } from '../statistics.ts'
import { engineNames } from './engine-process.ts'
import { arrivalsOf, type Test } from './summary.ts'
import { measureModel } from './turns.ts'

const MODEL = '1b-Q4_0-Q6_K'

export const bench = defineBench({
  models: 'one',
  options: {
    engines: text(['--engines'], 'NAME,...', 'in turns', 'tsinfer,node-llama-cpp'),
    core: count(['--core'], 'core that is kept busy', { usual: 0, least: 0 }),
    rounds: count(['--rounds', '-r'], 'turns of each kind', { usual: 3 }),
    tokens: count(['--tokens', '-n'], 'tokens timed per turn', { usual: 32 }),
    threads: count(['--threads', '-t'], 'cores to use (all usable ones)'),
    node: text(['--node'], 'FILE', 'Node binary for all engines (this one)'),
    cache: CACHE_OPTION,
  },
  async measure({ values, positionals: [model = MODEL], signal }) {
    const { core, rounds, tokens, node = process.execPath } = values
    const threads = values.threads ?? machineTopology().usableCores
    const engines = engineNames(values.engines)
    const path = modelFile(model, values.cache)
    const decode = { kind: 'decode', prompt: 1, tokens: tokens + 1 } as const
    const tests: Test[] = [
      { ...decode, name: 'quiet' },
      { ...decode, name: 'loaded', busyCore: core },
    ]
    const plan = { engines, tests, rounds, loads: 1, threads, peerThreads: threads, mayMap: true, node }
    const measured = await measureModel(basename(path, '.gguf'), path, plan, signal)
    return {
      about: `${basename(path, '.gguf')}: decode with a busy loop on core ${core}, ${threads} threads, tok/s`,
      options: { model, core, rounds, tokens, threads, node },
      columns: {
        ...{ engine: 'engine', quiet: 'quiet', quietBest: 'best token', loaded: 'loaded', loadedMean: 'mean' },
        ...{ kept: ['kept', 2], keptOfMeans: ['of means', 2] },
      },
      rows: measured.engines.map(({ engine, rounds: of }) => {
        const [quiet, loaded] = [of.get('quiet')!, of.get('loaded')!].map((found) => decodeSpeed(arrivalsOf(found)))
        return {
          ...{ engine, quiet: quiet!.medianTokS, quietBest: quiet!.bestTokS },
          ...{ loaded: loaded!.medianTokS, loadedMean: loaded!.meanTokS },
          kept: loaded!.medianTokS / quiet!.medianTokS,
          keptOfMeans: loaded!.meanTokS / quiet!.meanTokS,
        }
      }),
      notes: [`Medians; kept: loaded over quiet. A model is ${MODEL_NAMES}.`, ...measured.notes],
    }
  },
})
