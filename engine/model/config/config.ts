// The hyper-parameters of a model, read from its metadata and checked once, so that nothing later needs to. Pure.
import { TsinferError } from '../../errors.ts'
import type { GgufFile } from '../../gguf/file.ts'
import { findArray, findFloat, findInteger, getFloat, getString, type Metadata } from '../../gguf/metadata.ts'
import { HEAD_DIM_MAX, HEADS_MAX, LAYERS_MAX, POSITIONS_MAX, VOCABULARY_MAX, WIDTH_MAX } from '../../limits.ts'
import { quoted } from '../../quoted.ts'
import type { Architecture } from '../architectures/architecture.ts'
import { ARCHITECTURES } from '../architectures/list.ts'
import { boundedInteger, invalidModel, optionalPositiveFloat } from './checked-metadata.ts'
import { expertsConfig } from './experts-config.ts'
import { foreignKind } from './file-kind.ts'
import { refuseForeignKeys } from './foreign-keys.ts'
import { layerKinds } from './layer-kinds.ts'
import { layerNumbers, layerShapes } from './layer-shapes.ts'
import type { EndTokens, LayerShape, ModelConfig, RopeConfig } from './model-config.ts'
import { originalContextOf, ropeScaling } from './rope-scaling.ts'

/**
 * The configuration of the model in `file`.
 * @throws TsinferError `architecture_unsupported` naming the architecture, `model_invalid` naming the value that is
 *   missing, of the wrong type or out of range, or what the file is where it is no model
 */
export function modelConfig(file: Pick<GgufFile, 'metadata' | 'tensors'>): ModelConfig {
  const { metadata } = file
  const kind = foreignKind(file)
  if (kind !== undefined) throw invalidModel(`expected a model, found ${kind}`)
  const architecture = architectureOf(metadata)
  const key = (name: string) => `${architecture.name}.${name}`
  const width = boundedInteger(metadata, key('embedding_length'), WIDTH_MAX)
  const layerCount = boundedInteger(metadata, key('block_count'), LAYERS_MAX)
  const layerHeads = layerNumbers(metadata, key('attention.head_count'), layerCount, HEADS_MAX)
  const heads = layerHeads[0]!
  const headDim = headDimOf(metadata, key, width, heads)
  const shapes = layerShapes(metadata, architecture.name, layerHeads)
  const vocabularySize = vocabularySizeOf(file)
  const contextLength = boundedInteger(metadata, key('context_length'), POSITIONS_MAX)
  const normEpsKey = key('attention.layer_norm_rms_epsilon')
  const queryScaleDim = architecture.queryScaleDim?.({ layerCount, width, heads }) ?? headDim
  const rope = ropeOf(metadata, key, architecture, headDim, contextLength)
  const kinds = layerKinds(metadata, architecture, shapes, rope)
  refuseForeignKeys(metadata, architecture, headDim, rope, kinds)
  return {
    architecture: architecture.name,
    layerCount,
    width,
    ffnWidth: most(shapes, 'ffnWidth'),
    activation: architecture.activation,
    experts: expertsConfig(metadata, architecture, shapes),
    heads: most(shapes, 'heads'),
    kvHeads: most(shapes, 'kvHeads'),
    headDim,
    vocabularySize,
    contextLength,
    normEps: optionalPositiveFloat(metadata, normEpsKey) ?? getFloat(metadata, normEpsKey),
    ...softcapsOf(metadata, architecture),
    ...multipliersOf(metadata, architecture, width, queryScaleDim),
    ...kinds,
    tokens: specialTokensOf(metadata, vocabularySize),
    pooling: poolingOf(metadata, key('pooling_type')),
  }
}

const most = (shapes: readonly LayerShape[], size: keyof LayerShape): number =>
  Math.max(...shapes.map((shape) => shape[size]))

function architectureOf(metadata: Metadata): Architecture {
  const name = getString(metadata, 'general.architecture')
  const architecture = ARCHITECTURES.get(name)
  const known = [...ARCHITECTURES.keys()].join(', ')
  if (architecture === undefined) throw unsupported(`expected an architecture we compute (${known})`, quoted(name))
  return architecture
}

function softcapsOf(metadata: Metadata, { name, softcaps }: Architecture) {
  const cap = (part: string, fallback: number | undefined): number => {
    if (fallback === undefined) return 0
    const value = findFloat(metadata, `${name}.${part}`) ?? fallback
    if (value >= 0 && value < Number.POSITIVE_INFINITY) return value
    throw invalidModel(`metadata ${name}.${part}: expected a finite number from 0, found ${value}`)
  }
  return {
    attentionSoftcap: cap('attn_logit_softcapping', softcaps?.attention),
    logitSoftcap: cap('final_logit_softcapping', softcaps?.logits),
  }
}

function multipliersOf(metadata: Metadata, architecture: Architecture, width: number, queryScaleDim: number) {
  /** 0 is a writer's "none", as in llama.cpp. */
  const given = (part: string): number | undefined => {
    const key = `${architecture.name}.${part}`
    if (!architecture.hasMultipliers || findFloat(metadata, key) === 0) return undefined
    return optionalPositiveFloat(metadata, key)
  }
  const factor = (part: string): number => given(part) ?? 1
  return {
    embeddingScale: architecture.scalesEmbedding ? Math.sqrt(width) : factor('embedding_scale'),
    residualScale: factor('residual_scale'),
    attentionScale: given('attention.scale') ?? 1 / Math.sqrt(queryScaleDim),
    // The file's number is a divisor.
    logitScale: 1 / factor('logit_scale'),
  }
}

function headDimOf(metadata: Metadata, key: (name: string) => string, width: number, heads: number): number {
  const keyLength = key('attention.key_length')
  if (findInteger(metadata, keyLength) === undefined && width % heads !== 0) {
    throw notDivisor(key('attention.head_count'), heads, 'width', width)
  }
  const headDim = boundedInteger(metadata, keyLength, HEAD_DIM_MAX, width / heads)
  const valueDim = boundedInteger(metadata, key('attention.value_length'), HEAD_DIM_MAX, headDim)
  if (valueDim === headDim) return headDim
  throw unsupported('expected keys and values of the same length', `${headDim} and ${valueDim}`)
}

function vocabularySizeOf({ metadata, tensors }: Pick<GgufFile, 'metadata' | 'tensors'>): number {
  const embedding = tensors.get('token_embd.weight')
  if (embedding === undefined) throw invalidModel('expected a tensor token_embd.weight, found none')
  const rows = embedding.dims[1] ?? 1
  if (rows < 1 || rows > VOCABULARY_MAX)
    throw invalidModel(`token_embd.weight: expected 1 to ${VOCABULARY_MAX} rows, found ${rows}`)
  const tokens = findArray(metadata, 'tokenizer.ggml.tokens')
  if (tokens !== undefined && tokens.count !== rows) {
    throw invalidModel(`expected as many tokens as token_embd.weight has rows (${rows}), found ${tokens.count}`)
  }
  return rows
}

function ropeOf(
  metadata: Metadata,
  key: (name: string) => string,
  architecture: Architecture,
  headDim: number,
  contextLength: number,
): RopeConfig {
  const dimensionCount = boundedInteger(metadata, key('rope.dimension_count'), headDim, headDim)
  if (dimensionCount % 2 !== 0)
    throw invalidModel(`metadata ${key('rope.dimension_count')}: expected an even number, found ${dimensionCount}`)
  return {
    base: optionalPositiveFloat(metadata, key('rope.freq_base')) ?? 10000,
    dimensionCount,
    style: architecture.ropeStyle,
    scaling: ropeScaling(metadata, architecture.name, contextLength),
    magnitude: optionalPositiveFloat(metadata, key('rope.scaling.attn_factor')) ?? 1,
    originalContext: originalContextOf(metadata, architecture.name, contextLength),
  }
}

/** llama.cpp's numbers. */
const POOLINGS = new Map<number, ModelConfig['pooling']>([
  [-1, undefined],
  [0, undefined],
  [1, 'mean'],
  [2, 'cls'],
  [3, 'last'],
  [4, { found: 'rank (4): the model scores pairs of texts' }],
])

function poolingOf(metadata: Metadata, key: string): ModelConfig['pooling'] {
  const number = findInteger(metadata, key) ?? 0
  return POOLINGS.has(number) ? POOLINGS.get(number) : { found: String(number) }
}

/** An id that is no token's counts as none, as llama.cpp has it; writers say "none" with all ones. */
function specialTokensOf(metadata: Metadata, vocabularySize: number): EndTokens {
  const token = (name: string): number | undefined => {
    const id = findInteger(metadata, `tokenizer.ggml.${name}_token_id`)
    return id !== undefined && id >= 0 && id < vocabularySize ? id : undefined
  }
  return { bos: token('bos'), eos: token('eos'), eot: token('eot'), eom: token('eom') }
}

function notDivisor(key: string, divisor: number, what: string, value: number): TsinferError {
  return invalidModel(`metadata ${key}: expected a divisor of the ${what} ${value}, found ${divisor}`)
}

function unsupported(expected: string, found: string): TsinferError {
  return new TsinferError('architecture_unsupported', `${expected}, found ${found}`)
}
