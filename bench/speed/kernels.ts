// Matrix products of every weight type on one thread: weights in cache and in memory, beside the speed at which the
// same thread merely reads memory. Products from memory are up to a third faster or slower by where V8 has put the compiled
// code, the same from call to call; so several copies of the kernels are compiled, and what differs between them is told.
import { Bench } from 'tinybench'
import { median } from '../../cli/shell/figures.ts'
import { KERNEL_TYPES } from '../../engine/gguf/ggml-types.ts'
import { READ_STRANDS, TsinferError } from '../../engine/index.ts'
import { compileAnew, enableRelaxedSimd, loadKernels } from '../../engine/load/kernel-builds.ts'
import { MATRIX_AT, type MeasuredMatrix, prepareMatrix } from '../../engine/load/measured-matrix.ts'
import { createStageMemory, instantiateKernels, type Kernels } from '../../engine/model/kernels.ts'
import { count, counts, defineBench, text } from '../harness.ts'

/** Well inside a core's second-level cache, and well outside every cache but the largest shared ones. */
const CACHED_BYTES = 256 << 10
const UNCACHED_BYTES = 192 << 20
const TASK_MS = 120
/** A letter for each copy. */
const COPIES = [...'abcde']

export const bench = defineBench({
  options: {
    types: text(['--types'], 'LIST', 'weight types, separated by commas (all)'),
    rows: counts(['--rows'], 'rows at once', { usual: [1, 2, 4, 8], least: 1, most: 32 }),
    k: count(['-k', '--inputs'], 'inputs, a multiple of 256', { usual: 2048, least: 256, most: 32768 }),
    kernels: {
      ...{ kind: 'choice', names: ['--kernels'], value: 'BUILD', help: 'which build', usual: 'auto' },
      choices: ['auto', 'plain', 'relaxed', 'relaxed-dot'],
    },
  },
  async measure({ values: { k, rows: rowCounts, ...values }, signal }) {
    if (k % 256 !== 0) throw new TsinferError('option_invalid', `-k: expected a multiple of 256, found ${k}`)
    const types = readTypes(values.types)
    enableRelaxedSimd()
    const { build } = loadKernels(values.kernels)
    const memory = createStageMemory(MATRIX_AT + UNCACHED_BYTES)
    const copies = COPIES.map((letter) => instantiateKernels(compileAnew(build, letter), memory))
    // Pages never written are all one page of zeros, which is read from the cache.
    new Uint8Array(memory.buffer, MATRIX_AT).fill(1)
    const limits: number[] = []
    for (const strands of READ_STRANDS) {
      const ms = await bestMs(copies, (kernels) => () => kernels.read_sum(MATRIX_AT, UNCACHED_BYTES, strands), signal)
      limits.push(UNCACHED_BYTES / 1e6 / Math.min(...ms))
    }
    const limitGbS = Math.max(...limits)
    const results: object[] = []
    for (const type of types) {
      const small = prepareMatrix(copies[0]!, memory, type, k, CACHED_BYTES)
      const cached = await measure(small, copies, rowCounts, signal)
      const large = prepareMatrix(copies[0]!, memory, type, k, UNCACHED_BYTES)
      const uncached = await measure(large, copies, rowCounts, signal)
      for (const [i, rows] of rowCounts.entries()) {
        const { gbS, gmacS } = cached[i]!
        const { gbS: memoryGbS, gmacS: memoryGmacS, least: memoryGbSMin, most: memoryGbSMax } = uncached[i]!
        const ofLimit = memoryGbS / limitGbS
        results.push({ type, rows, gbS, gmacS, memoryGbS, memoryGbSMin, memoryGbSMax, memoryGmacS, ofLimit })
      }
    }
    return {
      about: `Products with ${k} inputs, ${build} kernels, one thread; it reads memory at ${limitGbS.toFixed(1)} GB/s`,
      options: { types, rows: rowCounts, k, build, copies: COPIES.length, limitGbS },
      columns: {
        ...{ type: 'type', rows: 'rows', gbS: ['in cache GB/s', 1], gmacS: ['G multiply-adds/s', 1] },
        ...{ memoryGbS: ['in memory GB/s', 1], memoryGbSMin: ['min', 1], memoryGbSMax: ['max', 1] },
        ...{ memoryGmacS: ['G multiply-adds/s', 1], ofLimit: ['of the limit', 2] },
      },
      rows: results,
      notes: [
        `Best of the calls, median of ${COPIES.length} copies of the kernels; min and max: of copies. They have the same code at other places,`,
        'which matters only in memory. GB/s count the repacked weights, G multiply-adds all rows.',
        `The limit is the best way of reading: ${READ_STRANDS.map((n, i) => `${n} streams ${limits[i]!.toFixed(1)}`).join(', ')} GB/s.`,
      ],
    }
  },
})

function readTypes(list: string | undefined): readonly string[] {
  const known: readonly string[] = KERNEL_TYPES
  const types = list?.split(',') ?? known
  const unknown = types.find((type) => !known.includes(type))
  if (unknown === undefined) return types
  throw new TsinferError('option_invalid', `--types: expected some of ${known.join(', ')}, found ${unknown}`)
}

/** By number of rows. */
async function measure(
  { bytes, multiplyAdds, product }: MeasuredMatrix,
  copies: readonly Kernels[],
  rowCounts: readonly number[],
  signal: AbortSignal,
) {
  const speeds: { readonly gbS: number; readonly least: number; readonly most: number; readonly gmacS: number }[] = []
  for (const rows of rowCounts) {
    const call = (kernels: Kernels) => {
      const multiply = product(kernels)
      return () => multiply(rows)
    }
    const gbS = (await bestMs(copies, call, signal)).map((ms) => bytes / ms / 1e6)
    const middle = median(gbS)
    const gmacS = (middle * multiplyAdds * rows) / bytes
    speeds.push({ gbS: middle, least: Math.min(...gbS), most: Math.max(...gbS), gmacS })
  }
  return speeds
}

/** Milliseconds of each copy's fastest call; the slower ones say how busy the machine is, not how fast the code. */
async function bestMs(
  copies: readonly Kernels[],
  call: (kernels: Kernels) => () => void,
  signal: AbortSignal,
): Promise<number[]> {
  const found: number[] = []
  for (const kernels of copies) {
    signal.throwIfAborted()
    const bench = new Bench({ time: TASK_MS, iterations: 5, warmupTime: TASK_MS / 2, warmupIterations: 3 })
    bench.add('call', call(kernels))
    const [task] = await bench.run()
    const result = task?.result
    if (!result || !('latency' in result)) throw new Error(`tsinfer bug: the bench ended ${result?.state}`)
    found.push(result.latency.min)
  }
  return found
}
