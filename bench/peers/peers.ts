// tsinfer beside other engines: the same files, the same ids, in turns.
import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { machineTopology, TsinferError } from '../../engine/index.ts'
import { count, counts, defineBench, text } from '../harness.ts'
import { CACHE_OPTION, MODEL_NAMES, modelFile } from '../model-files.ts'
import type { Columns } from '../report.ts'
import { engineNames, listed } from './engine-process.ts'
import { type PeerRow, peerRows, testsOf } from './summary.ts'
import { measureModel, type Plan } from './turns.ts'

const MODELS = '1b-Q4_0-Q6_K,stories260K'

export const bench = defineBench({
  models: 'several',
  options: {
    models: text(['--models', '-m'], 'NAME,...', `each ${MODEL_NAMES}; more may follow as arguments (${MODELS})`),
    engines: text(['--engines'], 'NAME,...', 'in this order', 'tsinfer,node-llama-cpp'),
    rounds: count(['--rounds', '-r'], 'turns of each engine', { usual: 5 }),
    threads: count(['--threads', '-t'], 'cores to use (all usable ones)'),
    peerThreads: count(['--peer-threads'], 'cores for the other engines (as --threads)'),
    tokens: count(['--tokens', '-n'], 'tokens timed per round', { usual: 64 }),
    prompts: counts(['--prompt', '-p'], 'prompt lengths, 0 = none', { usual: [128, 512] }),
    depths: counts(['--depth', '-d'], 'prompts the timed tokens follow, 0 = none', { usual: [1] }),
    loads: count(['--loads'], 'how often each engine loads', { usual: 3 }),
    noMmap: { kind: 'flag', names: ['--no-mmap'], help: 'the other engines read the file instead of mapping it' },
    node: text(['--node'], 'FILE', 'Node binary for all engines (this one)'),
    cache: CACHE_OPTION,
  },
  async measure({ values, positionals, signal }) {
    const { rounds, loads, threads = machineTopology().usableCores, node = process.execPath } = values
    const plan: Plan = {
      engines: engineNames(values.engines),
      tests: testsOf(positive(values.prompts), values.tokens, positive(values.depths)),
      ...{ rounds, loads, threads, peerThreads: values.peerThreads ?? threads, mayMap: !values.noMmap, node },
    }
    if (plan.tests.length === 0) throw new TsinferError('option_invalid', 'expected a prompt or a depth, found none')
    const names = modelNames(values.models, positionals)
    const files = names.map((name) => [basename(name, '.gguf'), modelFile(name, values.cache)] as const)
    const rows: PeerRow[] = []
    const notes: string[] = []
    const versions: Record<string, string> = {}
    for (const [name, path] of files) {
      const measured = await measureModel(name, path, plan, signal)
      const [first] = measured.loaded
      const found = peerRows(name, statSync(path).size, plan.tests, measured.engines)
      rows.push(...found.map((row) => ({ ...row, node: first!.node })))
      for (const [i, { version }] of measured.loaded.entries()) versions[plan.engines[i]!] = version
      notes.push(...measured.notes)
    }
    return {
      about: `${plan.engines.join(' beside ')}: ${threads} threads, ${rounds} rounds in turns; tok/s, load in MB/s`,
      options: { ...plan, node: basename(plan.node), models: names.map((name) => basename(name)), versions },
      columns: columnsOf(plan.engines),
      rows,
      notes,
    }
  },
})

const positive = (lengths: readonly number[]): number[] => lengths.filter((length) => length > 0)

function modelNames(option: string | undefined, positionals: readonly string[]): string[] {
  const names = [...listed(option ?? ''), ...positionals]
  return names.length > 0 ? names : listed(MODELS)
}

function columnsOf([first, ...others]: readonly string[]): Columns {
  const speeds = (engine: string): Columns => ({ [`${engine}.median`]: engine, [`${engine}.best`]: 'best' })
  const compared = (engine: string): Columns => ({
    ...speeds(engine),
    ...{ [`${engine}.ratioOfMedians`]: ['ratio', 2], [`${engine}.ratioOfBests`]: ['of bests', 2] },
  })
  return { model: 'model', test: 'test', ...speeds(first!), ...Object.assign({}, ...others.map(compared)) }
}
