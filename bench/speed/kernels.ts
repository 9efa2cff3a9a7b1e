// Matrix products of every weight type on one thread: weights in cache and in memory, beside the speed at which the
// same thread merely reads memory.
import { Bench } from 'tinybench'
import { COMPUTABLE_TYPES } from '../../engine/gguf/ggml-types.ts'
import { READ_STRANDS, TsinferError } from '../../engine/index.ts'
import { enableRelaxedSimd, loadKernels } from '../../engine/load/kernel-builds.ts'
import { createStageMemory, instantiateKernels } from '../../engine/model/kernels.ts'
import { defineBench } from '../harness.ts'
import { MEMORY_BYTES, type PreparedMatrix, prepareMatrix, readWeights, touchWeights } from './kernel-matrix.ts'

/** Well inside a core's second-level cache, and well outside every cache but the largest shared ones. */
const CACHED_BYTES = 256 << 10
const UNCACHED_BYTES = 192 << 20
const ROWS = [1, 2, 4, 8]
const TASK_MS = 120
const K = 2048

export const bench = defineBench({
  usage: '[--types Q4_0,Q6_K] [--rows 1,2,4,8] [-k 2048] [--kernels auto]',
  positionalsMax: 0,
  options: {
    types: { kind: 'text', names: ['--types'], value: 'LIST', help: 'weight types, separated by commas (all)' },
    rows: { kind: 'integers', names: ['--rows'], value: 'LIST', least: 1, most: 32, help: 'rows at once (1,2,4,8)' },
    k: {
      kind: 'integer',
      names: ['-k', '--inputs'],
      value: 'K',
      least: 256,
      most: 32768,
      help: 'inputs, a multiple of 256 (2048)',
    },
    kernels: {
      kind: 'choice',
      names: ['--kernels'],
      value: 'BUILD',
      choices: ['auto', 'plain', 'relaxed', 'relaxed-dot'],
      help: 'which build (auto)',
    },
  },
  async measure({ values, signal }) {
    const { rows: rowCounts = ROWS, k = K, kernels: wanted = 'auto' } = values
    if (k % 256 !== 0) throw new TsinferError('option_invalid', `-k: expected a multiple of 256, found ${k}`)
    const types = readTypes(values.types)
    enableRelaxedSimd()
    const { build, module } = loadKernels(wanted)
    const memory = createStageMemory(MEMORY_BYTES)
    const kernels = instantiateKernels(module, memory)
    touchWeights(memory)
    const limits: number[] = []
    for (const strands of READ_STRANDS) {
      limits.push(UNCACHED_BYTES / 1e6 / (await bestMs(() => readWeights(kernels, UNCACHED_BYTES, strands), signal)))
    }
    const limitGbS = Math.max(...limits)
    const results: object[] = []
    for (const type of types) {
      const small = prepareMatrix(kernels, memory, type, k, CACHED_BYTES)
      const cached = await measure(small, rowCounts, signal)
      const large = prepareMatrix(kernels, memory, type, k, UNCACHED_BYTES)
      const uncached = await measure(large, rowCounts, signal)
      for (const [i, rows] of rowCounts.entries()) {
        const [near, far] = [cached[i]!, uncached[i]!]
        results.push({ type, rows, ...near, memoryGbS: far.gbS, memoryGmacS: far.gmacS, ofLimit: far.gbS / limitGbS })
      }
    }
    return {
      about: `Products with ${k} inputs, ${build} kernels, one thread; it reads memory at ${limitGbS.toFixed(1)} GB/s`,
      options: { types, rows: rowCounts, k, build, limitGbS },
      columns: COLUMNS,
      rows: results,
      notes: [
        'Best of the calls; GB/s count the repacked weights, G multiply-adds all rows.',
        `The limit is the best way of reading: ${READ_STRANDS.map((n, i) => `${n} streams ${limits[i]!.toFixed(1)}`).join(', ')} GB/s.`,
      ],
    }
  },
})

const COLUMNS = [
  { key: 'type', title: 'type' },
  { key: 'rows', title: 'rows' },
  { key: 'gbS', title: 'in cache GB/s', decimals: 1 },
  { key: 'gmacS', title: 'G multiply-adds/s', decimals: 1 },
  { key: 'memoryGbS', title: 'in memory GB/s', decimals: 1 },
  { key: 'memoryGmacS', title: 'G multiply-adds/s', decimals: 1 },
  { key: 'ofLimit', title: 'of the limit', decimals: 2 },
]

function readTypes(list: string | undefined): readonly string[] {
  const known: readonly string[] = COMPUTABLE_TYPES
  const types = list?.split(',') ?? known
  for (const type of types) {
    if (!known.includes(type)) {
      throw new TsinferError('option_invalid', `--types: expected some of ${known.join(', ')}, found ${type}`)
    }
  }
  return types
}

async function measure(matrix: PreparedMatrix, rowCounts: readonly number[], signal: AbortSignal) {
  const speeds: { readonly gbS: number; readonly gmacS: number }[] = []
  for (const rows of rowCounts) {
    const ms = await bestMs(() => matrix.multiply(rows), signal)
    speeds.push({ gbS: matrix.bytes / ms / 1e6, gmacS: (matrix.multiplyAdds * rows) / ms / 1e6 })
  }
  return speeds
}

/** Milliseconds of the fastest call; the slower ones say how busy the machine is, not how fast the code. */
async function bestMs(call: () => void, signal: AbortSignal): Promise<number> {
  signal.throwIfAborted()
  const bench = new Bench({ time: TASK_MS, iterations: 5, warmupTime: TASK_MS / 2, warmupIterations: 3 })
  bench.add('call', call)
  const [task] = await bench.run()
  const result = task?.result
  if (!result || !('latency' in result)) throw new Error(`tsinfer bug: the bench ended ${result?.state}`)
  return result.latency.min
}
