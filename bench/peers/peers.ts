// tsinfer beside other engines: the same files, the same ids, one process per engine, in turns A B A B. The processes stay
// loaded for all rounds, as an application would keep them; that the idle one leaves the processor alone is measured.
import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { machineTopology, TsinferError } from '../../engine/index.ts'
import { count, defineBench } from '../harness.ts'
import { CACHE_OPTION, MODEL_NAMES, modelFile } from '../model-files.ts'
import type { Column } from '../report.ts'
import { engineNames, listed } from './engine-process.ts'
import { type PeerRow, peerRows, testsOf } from './summary.ts'
import { measureModel, type Plan } from './turns.ts'

const DEFAULTS = {
  models: '1b-Q4_0-Q6_K,stories260K',
  engines: 'tsinfer,node-llama-cpp',
  prompts: [128, 512],
  tokens: 64,
  depths: [1],
  rounds: 5,
  loads: 3,
}

export const bench = defineBench({
  usage: '[--models NAME ...] [--rounds 5] [--threads N] [--tokens 64] [--prompt 128,512] [--node FILE]',
  positionalsMax: 100,
  options: {
    models: {
      kind: 'text',
      names: ['--models', '-m'],
      value: 'NAME,...',
      help: `each ${MODEL_NAMES}; more may follow as arguments (${DEFAULTS.models})`,
    },
    engines: { kind: 'text', names: ['--engines'], value: 'NAME,...', help: `in this order (${DEFAULTS.engines})` },
    rounds: count(['--rounds', '-r'], 'turns of each engine (5)'),
    threads: count(['--threads', '-t'], 'cores to use (all usable ones)'),
    peerThreads: count(['--peer-threads'], 'cores for the other engines (as --threads)'),
    tokens: count(['--tokens', '-n'], 'tokens timed per round (64)'),
    prompts: {
      kind: 'integers',
      names: ['--prompt', '-p'],
      value: 'N,...',
      least: 0,
      help: 'prompt lengths, 0 = none (128,512)',
    },
    depths: {
      kind: 'integers',
      names: ['--depth', '-d'],
      value: 'N,...',
      least: 0,
      help: 'prompts the timed tokens follow, 0 = none (1)',
    },
    loads: count(['--loads'], 'how often each engine loads (3)'),
    noMmap: { kind: 'flag', names: ['--no-mmap'], help: 'the other engines read the file instead of mapping it' },
    node: { kind: 'text', names: ['--node'], value: 'FILE', help: 'Node binary for all engines (this one)' },
    cache: CACHE_OPTION,
  },
  async measure({ values, positionals, signal }) {
    const { rounds = DEFAULTS.rounds, loads = DEFAULTS.loads, tokens = DEFAULTS.tokens } = values
    const threads = values.threads ?? machineTopology().usableCores
    const plan: Plan = {
      engines: engineNames(values.engines ?? DEFAULTS.engines),
      tests: testsOf(positive(values.prompts ?? DEFAULTS.prompts), tokens, positive(values.depths ?? DEFAULTS.depths)),
      ...{ rounds, loads, threads, peerThreads: values.peerThreads ?? threads },
      mayMap: !values.noMmap,
      node: values.node ?? process.execPath,
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
  return names.length > 0 ? names : listed(DEFAULTS.models)
}

function columnsOf([first, ...others]: readonly string[]): Column[] {
  const speeds = (engine: string): Column[] => [
    { key: `${engine}.median`, title: engine },
    { key: `${engine}.best`, title: 'best' },
  ]
  return [
    { key: 'model', title: 'model' },
    { key: 'test', title: 'test' },
    ...speeds(first!),
    ...others.flatMap((engine): Column[] => [
      ...speeds(engine),
      { key: `${engine}.ratioOfMedians`, title: 'ratio', decimals: 2 },
      { key: `${engine}.ratioOfBests`, title: 'of bests', decimals: 2 },
    ]),
  ]
}
