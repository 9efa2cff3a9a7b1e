// Options that several commands share, as data, and their translation into the library's words. Pure.
// Spellings and defaults follow llama.cpp where it has them.
import { TsinferError } from '../engine/errors.ts'
import { CHUNK_ROWS_MAX } from '../engine/index.ts'
import type { LoadOptions, SamplingOptions } from '../index.ts'
import type { Options, Values } from './arguments.ts'

export const GENERAL_OPTIONS = {
  help: { kind: 'flag', names: ['-h', '--help'], help: 'print this and exit' },
  debug: { kind: 'flag', names: ['--debug'], help: 'print a stack with errors' },
} as const satisfies Options

export const MODEL_FILE_OPTIONS = {
  model: { kind: 'text', names: ['-m', '--model'], value: 'FILE', help: 'the GGUF file (or the first argument)' },
} as const satisfies Options

export const TOKENIZER_OPTIONS = {
  tokenizerPre: {
    kind: 'text',
    names: ['--tokenizer-pre'],
    value: 'NAME',
    help: "pre-tokenizer to use instead of the file's tokenizer.ggml.pre",
  },
} as const satisfies Options

/** How a model is laid over the machine. */
export const PLAN_OPTIONS = {
  context: {
    kind: 'integer',
    names: ['-c', '--ctx-size'],
    value: 'CTX',
    least: 0,
    help: "positions; 0 = the model's (default: the smallest of the model's, 4096 and what fits one stage)",
  },
  threads: {
    kind: 'integer',
    names: ['-t', '--threads'],
    value: 'N',
    least: -1,
    help: 'cores to use in all; -1 or 0 = those there are (default)',
  },
  stages: { kind: 'integer', names: ['--stages'], value: 'S', least: 1, help: 'pipeline stages' },
  lanes: { kind: 'integer', names: ['--lanes'], value: 'T', least: 1, help: 'threads per stage' },
  chunkRows: {
    kind: 'integer',
    names: ['-ub', '--ubatch-size'],
    value: 'N',
    least: 1,
    help: `tokens of a prefill chunk (64); more than ${CHUNK_ROWS_MAX} count as ${CHUNK_ROWS_MAX}`,
  },
  kvTypeK: {
    kind: 'choice',
    names: ['-ctk', '--cache-type-k'],
    value: 'TYPE',
    choices: ['f32', 'f16', 'q8_0'],
    help: 'type of the K cells: f32, f16 or q8_0 (f16; f32 for F32 weights)',
  },
  kvTypeV: {
    kind: 'choice',
    names: ['-ctv', '--cache-type-v'],
    value: 'TYPE',
    choices: ['f32', 'f16', 'q8_0'],
    help: 'type of the V cells, likewise',
  },
} as const satisfies Options

const share = { kind: 'number', value: 'P', least: 0, most: 1 } as const

/** How a generation speculates. */
export const SPECULATION_OPTIONS = {
  speculation: {
    kind: 'choice',
    names: ['--spec'],
    value: 'POLICY',
    choices: ['off', 'sync', 'pipe', 'auto'],
    help: 'off, sync, pipe or auto: draft and verify (same text; default auto with a draft model, else off)',
  },
  draftModel: {
    kind: 'text',
    names: ['-md', '--model-draft'],
    value: 'FILE',
    help: 'a smaller model of the same vocabulary that drafts (default: n-grams do)',
  },
  draftThreads: {
    kind: 'integer',
    names: ['-td', '--threads-draft'],
    value: 'N',
    least: -1,
    help: 'cores that only the draft model uses, of all; -1 or 0 = it shares them (default)',
  },
  draftStages: {
    kind: 'integer',
    names: ['--draft-stages'],
    value: 'S',
    least: 1,
    help: 'pipeline stages of the draft model (as few as it fits)',
  },
  nMax: {
    kind: 'integer',
    names: ['--spec-draft-n-max'],
    olderNames: ['--draft', '--draft-n', '--draft-max'],
    value: 'N',
    least: 1,
    help: 'most drafted tokens of a round (sync) or micro-batch (pipe) (4; auto: 8)',
  },
  nMin: {
    kind: 'integer',
    names: ['--spec-draft-n-min'],
    olderNames: ['--draft-min', '--draft-n-min'],
    value: 'N',
    least: 0,
    help: 'send no fewer drafted tokens than this (0)',
  },
  pMin: {
    ...share,
    names: ['--spec-draft-p-min'],
    olderNames: ['--draft-p-min'],
    help: 'stop drafting where the best guess is less likely (0.5; auto: 0.1)',
  },
  pSplit: {
    ...share,
    names: ['--spec-draft-p-split'],
    olderNames: ['--draft-p-split'],
    help: 'open a branch for another guess that is likelier (0.3)',
  },
  pRecovery: {
    ...share,
    names: ['--spec-draft-p-recovery'],
    help: 'raise both by this for every micro-batch of drafts sent since the last token (0)',
  },
  pDecay: {
    ...share,
    names: ['--spec-draft-p-decay'],
    help: 'lower both by this for every failed attempt since the last token (0)',
  },
} as const satisfies Options

/** Every command that computes with a model. */
export const LOAD_OPTIONS = {
  ...MODEL_FILE_OPTIONS,
  ...PLAN_OPTIONS,
  kernels: {
    kind: 'choice',
    names: ['--kernels'],
    value: 'BUILD',
    choices: ['auto', 'plain', 'relaxed', 'relaxed-dot'],
    help: 'build of the kernels: the fastest, or this one (same results)',
  },
  ...TOKENIZER_OPTIONS,
  ...SPECULATION_OPTIONS,
} as const satisfies Options

export const SAMPLING_OPTIONS = {
  temperature: {
    kind: 'number',
    names: ['--temp', '--temperature'],
    value: 'T',
    least: 0,
    help: 'temperature, 0 = greedy (0.8)',
  },
  topK: { kind: 'integer', names: ['--top-k'], value: 'K', least: 0, help: 'keep the K best tokens, 0 = all (40)' },
  topP: {
    kind: 'number',
    names: ['--top-p'],
    value: 'P',
    least: 0,
    most: 1,
    help: 'keep the best tokens up to this probability together (0.95)',
  },
  minP: {
    kind: 'number',
    names: ['--min-p'],
    value: 'P',
    least: 0,
    most: 1,
    help: "keep tokens above this share of the best one's probability (0.05)",
  },
  repeatPenalty: {
    kind: 'number',
    names: ['--repeat-penalty'],
    value: 'R',
    help: 'divide the logits of recent tokens (1.0 = off)',
  },
  repeatLastN: {
    kind: 'integer',
    names: ['--repeat-last-n'],
    value: 'N',
    least: -1,
    help: 'tokens the penalties look back, -1 = all (64)',
  },
  presencePenalty: {
    kind: 'number',
    names: ['--presence-penalty'],
    value: 'R',
    help: 'subtract from the logits of recent tokens (0)',
  },
  frequencyPenalty: {
    kind: 'number',
    names: ['--frequency-penalty'],
    value: 'R',
    help: 'subtract for every recent occurrence (0)',
  },
  seed: { kind: 'integer', names: ['-s', '--seed'], value: 'SEED', least: -1, help: '-1 = random (default)' },
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
export type Present<Fields> = { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> }
export function present<Fields extends object>(fields: Fields): Present<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<Fields>
}

export const planOptions = (values: Values<typeof PLAN_OPTIONS>) => {
  const { context, threads, stages, lanes, chunkRows: rows, kvTypeK, kvTypeV } = values
  const chunkRows = rows === undefined ? undefined : Math.min(rows, CHUNK_ROWS_MAX)
  return present({ context, threads: coresOf(threads), stages, lanes, chunkRows, kvTypeK, kvTypeV })
}

/** As in llama.cpp, what is below 1 leaves the number open. */
const coresOf = (count: number | undefined): number | undefined =>
  count !== undefined && count < 1 ? undefined : count

export const loadOptions = (values: Values<typeof LOAD_OPTIONS>): LoadOptions => {
  const { kernels, tokenizerPre } = values
  return { ...planOptions(values), ...present({ kernels, tokenizerPre }), experimentalV8: true }
}

export const samplingOptions = (values: Values<typeof SAMPLING_OPTIONS>): SamplingOptions => {
  const { temperature, topK, topP, minP, repeatPenalty, repeatLastN, presencePenalty, frequencyPenalty } = values
  const seed = values.seed === -1 ? undefined : values.seed
  return present({
    temperature,
    topK,
    topP,
    minP,
    repeatPenalty,
    repeatLastN,
    presencePenalty,
    frequencyPenalty,
    seed,
  })
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
