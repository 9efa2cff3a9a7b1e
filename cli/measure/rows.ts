// The rows of `tsinfer bench` and how they are printed. Pure.
import type { ModelInfo } from '../../index.ts'
import { deviation, mean, median, shownBytes, shownCount } from '../shell/figures.ts'
import { type BenchTest, testName } from './tests.ts'

/** One repetition; speeds in tokens per second. */
export interface Measured {
  readonly tokS: number
  /** From the median time between two tokens; for a prompt, of the repetition. */
  readonly tokSTypical: number
  readonly acceptance: number | null
}

/** Field names are what scripts read. */
export interface BenchRow {
  readonly model: string
  readonly type: string
  readonly size_bytes: number
  readonly parameters: number
  readonly kernels: string
  readonly plan: string
  /** `pp512`, `tg64`, `pp512+tg64`, with ` @ d512` behind a context. */
  readonly test: string
  readonly n_prompt: number
  readonly n_gen: number
  readonly n_depth: number
  /** Of the target, all stages together. */
  readonly n_threads: number
  readonly repetitions: number
  readonly tok_s: number
  readonly tok_s_sd: number
  readonly tok_s_median: number
  /** Of the best repetition. */
  readonly tok_s_best: number
  /** Weight bytes streamed per second: once per generated token, once per chunk of a prompt. */
  readonly gb_s: number
  readonly acceptance: number | null
}

export function summarize(info: ModelInfo, test: BenchTest, measured: readonly Measured[]): BenchRow {
  const { promptTokens, generatedTokens, depth } = test
  const tokS = mean(measured.map((repetition) => repetition.tokS))
  const { weightBytesPerToken, chunkRows, text, stages, lanes } = info.plan
  const passes = Math.ceil(promptTokens / chunkRows) + generatedTokens
  const bytesPerToken = (weightBytesPerToken * passes) / (promptTokens + generatedTokens)
  const acceptances = measured.map(({ acceptance }) => acceptance).filter((acceptance) => acceptance !== null)
  return {
    model: `${info.architecture} ${shownCount(info.parameterCount)} ${info.weightType}`,
    type: info.weightType,
    size_bytes: info.fileBytes,
    parameters: info.parameterCount,
    kernels: info.kernels,
    plan: text,
    test: testName(test),
    n_prompt: promptTokens,
    n_gen: generatedTokens,
    n_depth: depth,
    n_threads: stages.length * lanes,
    repetitions: measured.length,
    tok_s: tokS,
    tok_s_sd: deviation(measured.map((repetition) => repetition.tokS)),
    tok_s_median: median(measured.map(({ tokSTypical }) => tokSTypical)),
    tok_s_best: Math.max(...measured.map((repetition) => repetition.tokS)),
    gb_s: (bytesPerToken * tokS) / 1e9,
    acceptance: acceptances.length > 0 ? mean(acceptances) : null,
  }
}

/** What the cost model begins with: `steps: 1 row 12.1 ms, 2 rows 13.4 ms, ...`. */
export const shownSteps = ({ steps }: Pick<ModelInfo, 'steps'>): string =>
  `steps: ${steps.map(({ rows, ms }) => `${rows} row${rows === 1 ? '' : 's'} ${ms.toPrecision(3)} ms`).join(', ')}`

const MARKDOWN_COLUMNS: readonly (readonly [title: string, alignment: string, cell: (row: BenchRow) => string])[] = [
  ['model', '---', ({ model }) => model],
  ['size', '---:', ({ size_bytes }) => shownBytes(size_bytes)],
  ['kernels', '---', ({ kernels }) => kernels],
  ['plan', '---', ({ plan }) => plan],
  ['test', '---:', ({ test }) => test],
  ['t/s', '---:', ({ tok_s, tok_s_sd }) => `${tok_s.toFixed(2)} ± ${tok_s_sd.toFixed(2)}`],
  ['median', '---:', ({ tok_s_median }) => tok_s_median.toFixed(2)],
  ['best', '---:', ({ tok_s_best }) => tok_s_best.toFixed(2)],
  ['GB/s', '---:', ({ gb_s }) => gb_s.toFixed(2)],
]
const markdownLine = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`

export const markdownHeader: string =
  markdownLine(MARKDOWN_COLUMNS.map(([title]) => title)) +
  markdownLine(MARKDOWN_COLUMNS.map(([, alignment]) => alignment))

export const markdownRow = (row: BenchRow): string => markdownLine(MARKDOWN_COLUMNS.map(([, , cell]) => cell(row)))

const CSV_FIELDS: readonly (keyof BenchRow)[] = [
  ...([
    'model',
    'type',
    'size_bytes',
    'parameters',
    'kernels',
    'plan',
    'test',
    'n_prompt',
    'n_gen',
    'n_depth',
    'n_threads',
  ] as const),
  ...(['repetitions', 'tok_s', 'tok_s_sd', 'tok_s_median', 'tok_s_best', 'gb_s', 'acceptance'] as const),
]

export const csvHeader: string = `${CSV_FIELDS.join(',')}\n`

export const csvRow = (row: BenchRow): string =>
  `${CSV_FIELDS.map((field) => {
    const value = row[field]
    return typeof value === 'string' ? `"${value.replaceAll('"', '""')}"` : String(value ?? '')
  }).join(',')}\n`
