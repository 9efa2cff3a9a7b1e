// Options that several commands share, as data, and their translation into the library's words. Pure.
// Spellings and defaults follow llama.cpp where it has them.
import { TsinferError } from '../../engine/errors.ts'
import { integer } from '../../engine/options/kinds.ts'
import { DRAFT, SAMPLING, SPECULATION } from '../../engine/options/sampling.ts'
import { LOAD } from '../../engine/options/table.ts'
import type { LoadOptions, SamplingOptions } from '../../index.ts'
import type { Options, Values } from './arguments.ts'
import { libraryHelp, optionOf } from './library-option.ts'

export const GENERAL_OPTIONS = {
  help: { kind: 'flag', names: ['-h', '--help'], help: 'print this and exit' },
  debug: { kind: 'flag', names: ['--debug'], help: 'print a stack with errors' },
} as const satisfies Options

export const MODEL_FILE_OPTIONS = {
  model: { kind: 'text', names: ['-m', '--model'], value: 'FILE', help: 'the GGUF file (or the first argument)' },
} as const satisfies Options

export const TOKENIZER_OPTIONS = {
  tokenizerPre: optionOf(LOAD.tokenizerPre, { names: ['--tokenizer-pre'], value: 'NAME' }),
} as const satisfies Options

const CHUNK_ROWS_MOST = LOAD.chunkRows.kind.most ?? Number.POSITIVE_INFINITY

/** How a model is laid over the machine. */
export const PLAN_OPTIONS = {
  context: optionOf(LOAD.context, { names: ['-c', '--ctx-size'], value: 'CTX' }),
  threads: optionOf(
    { ...LOAD.threads, kind: integer(-1), doc: 'cores to use in all; -1 or 0 = those there are', defaultText: '-1' },
    { names: ['-t', '--threads'], value: 'N' },
  ),
  stages: optionOf(LOAD.stages, { names: ['--stages'], value: 'S' }),
  lanes: optionOf(LOAD.lanes, { names: ['--lanes'], value: 'T' }),
  chunkRows: optionOf(
    {
      ...LOAD.chunkRows,
      kind: integer(1),
      doc: `${LOAD.chunkRows.doc}; more than ${CHUNK_ROWS_MOST} count as ${CHUNK_ROWS_MOST}`,
    },
    { names: ['-ub', '--ubatch-size'], value: 'N' },
  ),
  kvCells: optionOf(LOAD.kvCells, { names: ['--kv-cells'], value: 'N' }),
  gapFactor: optionOf(LOAD.gapFactor, { names: ['--gap-factor'], value: 'G' }),
  kvTypeK: optionOf(LOAD.kvTypeK, { names: ['-ctk', '--cache-type-k'], value: 'TYPE' }),
  kvTypeV: optionOf(LOAD.kvTypeV, { names: ['-ctv', '--cache-type-v'], value: 'TYPE' }),
} as const satisfies Options

/** How a generation speculates. */
export const SPECULATION_OPTIONS = {
  speculation: optionOf(SPECULATION, { names: ['--spec'], value: 'POLICY' }),
  draftModel: optionOf(LOAD.draftModel, { names: ['-md', '--model-draft'], value: 'FILE' }),
  draftThreads: optionOf(
    {
      ...LOAD.draftThreads,
      kind: integer(-1),
      doc: `${LOAD.draftThreads.doc}; -1 or 0 = it shares them`,
      defaultText: '-1',
    },
    { names: ['-td', '--threads-draft'], value: 'N' },
  ),
  draftStages: optionOf(LOAD.draftStages, { names: ['--draft-stages'], value: 'S' }),
  nMax: optionOf(DRAFT.nMax, {
    names: ['--spec-draft-n-max'],
    olderNames: ['--draft', '--draft-n', '--draft-max'],
    value: 'N',
  }),
  nMin: optionOf(DRAFT.nMin, {
    names: ['--spec-draft-n-min'],
    olderNames: ['--draft-min', '--draft-n-min'],
    value: 'N',
  }),
  pMin: optionOf(DRAFT.pMin, { names: ['--spec-draft-p-min'], olderNames: ['--draft-p-min'], value: 'P' }),
  pSplit: optionOf(DRAFT.pSplit, { names: ['--spec-draft-p-split'], olderNames: ['--draft-p-split'], value: 'P' }),
  pRecovery: optionOf(DRAFT.pRecovery, { names: ['--spec-draft-p-recovery'], value: 'P' }),
  pDecay: optionOf(DRAFT.pDecay, { names: ['--spec-draft-p-decay'], value: 'P' }),
} as const satisfies Options

/** Every command that computes with a model. */
export const LOAD_OPTIONS = {
  ...MODEL_FILE_OPTIONS,
  ...PLAN_OPTIONS,
  kernels: optionOf(LOAD.kernels, { names: ['--kernels'], value: 'BUILD' }),
  ...TOKENIZER_OPTIONS,
  ...SPECULATION_OPTIONS,
} as const satisfies Options

export const SAMPLING_OPTIONS = {
  temperature: optionOf(SAMPLING.temperature, { names: ['--temp', '--temperature'], value: 'T' }),
  topK: optionOf(SAMPLING.topK, { names: ['--top-k'], value: 'K' }),
  topP: optionOf(SAMPLING.topP, { names: ['--top-p'], value: 'P' }),
  minP: optionOf(SAMPLING.minP, { names: ['--min-p'], value: 'P' }),
  repeatPenalty: optionOf(SAMPLING.repeatPenalty, { names: ['--repeat-penalty'], value: 'R' }),
  repeatLastN: optionOf(SAMPLING.repeatLastN, { names: ['--repeat-last-n'], value: 'N' }),
  presencePenalty: optionOf(SAMPLING.presencePenalty, { names: ['--presence-penalty'], value: 'R' }),
  frequencyPenalty: optionOf(SAMPLING.frequencyPenalty, { names: ['--frequency-penalty'], value: 'R' }),
  typicalP: optionOf(SAMPLING.typicalP, { names: ['--typical', '--typical-p'], value: 'P' }),
  topNSigma: optionOf(SAMPLING.topNSigma, { names: ['--top-nsigma', '--top-n-sigma'], value: 'N' }),
  xtcProbability: optionOf(SAMPLING.xtcProbability, { names: ['--xtc-probability'], value: 'P' }),
  xtcThreshold: optionOf(SAMPLING.xtcThreshold, { names: ['--xtc-threshold'], value: 'P' }),
  dryMultiplier: optionOf(SAMPLING.dryMultiplier, { names: ['--dry-multiplier'], value: 'R' }),
  dryBase: optionOf(SAMPLING.dryBase, { names: ['--dry-base'], value: 'R' }),
  dryAllowedLength: optionOf(SAMPLING.dryAllowedLength, { names: ['--dry-allowed-length'], value: 'N' }),
  dryPenaltyLastN: optionOf(SAMPLING.dryPenaltyLastN, { names: ['--dry-penalty-last-n'], value: 'N' }),
  drySequenceBreakers: {
    kind: 'texts',
    names: ['--dry-sequence-breaker'],
    value: 'TEXT',
    repeats: true,
    none: 'none',
    help: `${libraryHelp(SAMPLING.drySequenceBreakers)}; may be given several times, none = no such text`,
  },
  samplers: {
    kind: 'texts',
    names: ['--samplers'],
    value: 'A;B;...',
    separator: ';',
    help: libraryHelp(SAMPLING.samplers),
  },
  seed: {
    ...optionOf(SAMPLING.seed, { names: ['-s', '--seed'], value: 'SEED' }),
    least: -1,
    help: `${SAMPLING.seed.doc} (default: -1, a random one)`,
  },
} as const satisfies Options

/** The part of speculation that is settled when the model is loaded; only commands that generate need it. */
export const draftModelOptions = ({ draftModel, draftThreads, draftStages }: Values<typeof SPECULATION_OPTIONS>) =>
  present({ draftModel, draftThreads: coresOf(draftThreads), draftStages })

export const speculationOptions = (values: Values<typeof SPECULATION_OPTIONS>) => {
  const { speculation, nMax, nMin, pMin, pSplit, pRecovery, pDecay } = values
  return { ...present({ speculation }), draft: present({ nMax, nMin, pMin, pSplit, pRecovery, pDecay }) }
}

export const IDS_OPTION = {
  kind: 'integers',
  names: ['--ids'],
  value: '1,2,3',
  least: 0,
  help: 'token ids, taken as they are',
} as const

export const MAX_TOKENS_OPTION = {
  kind: 'integer',
  names: ['-n', '--n-predict', '--predict'],
  value: 'N',
  least: -1,
  help: 'most tokens to write, -1 = until the context is full (default)',
} as const

export const RAW_OPTION = {
  kind: 'flag',
  names: ['--raw'],
  help: 'keep control characters of the text on a terminal',
} as const

export const JSON_OPTION = { kind: 'flag', names: ['--json'], help: 'print JSON' } as const

/** The record without the keys whose value is undefined. */
type Present<Fields> = { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> }
export function present<Fields extends object>(fields: Fields): Present<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<Fields>
}

export const planOptions = (values: Values<typeof PLAN_OPTIONS>) => {
  const { context, threads, stages, lanes, chunkRows: rows, kvCells, gapFactor, kvTypeK, kvTypeV } = values
  const chunkRows = rows === undefined ? undefined : Math.min(rows, CHUNK_ROWS_MOST)
  return present({ context, threads: coresOf(threads), stages, lanes, chunkRows, kvCells, gapFactor, kvTypeK, kvTypeV })
}

/** As in llama.cpp, what is below 1 leaves the number open. */
const coresOf = (count: number | undefined): number | undefined =>
  count !== undefined && count < 1 ? undefined : count

export const loadOptions = (values: Values<typeof LOAD_OPTIONS>): LoadOptions => {
  const { kernels, tokenizerPre } = values
  return { ...planOptions(values), ...present({ kernels, tokenizerPre }), experimentalV8: true }
}

export const samplingOptions = (values: Values<typeof SAMPLING_OPTIONS>): SamplingOptions => {
  const names = Object.keys(SAMPLING_OPTIONS) as (keyof typeof SAMPLING_OPTIONS)[]
  const given = Object.fromEntries(names.map((name) => [name, values[name]])) as Values<typeof SAMPLING_OPTIONS>
  const seed = values.seed === -1 ? undefined : values.seed
  // What a sampler may be called is the library's to say.
  return present({ ...given, seed }) as SamplingOptions
}

/** The model given by -m or as the only argument. */
export function modelPath(
  values: Values<typeof MODEL_FILE_OPTIONS>,
  positionals: readonly string[],
): string | undefined {
  const [first, second] = values.model === undefined ? positionals : [values.model, ...positionals]
  if (second === undefined) return first
  throw new TsinferError('option_invalid', `expected one model, found ${first} and also ${second}`)
}

export function requiredModelPath(values: Values<typeof MODEL_FILE_OPTIONS>, positionals: readonly string[]): string {
  const path = modelPath(values, positionals)
  if (path === undefined) throw new TsinferError('option_invalid', 'expected a model file, found none')
  return path
}
