// From the options of a generation, which were checked, to what the engine is asked for.
import {
  GENERATE,
  type GenerateRequest,
  type GivenOptions,
  optionSite,
  refused,
  resolveSampling,
  resolveSpeculation,
} from '../engine/index.ts'
import type { SamplingNumbers, Speculation } from '../engine/public/index.ts'
import { byteStringAt } from '../tokenizer/byte-strings.ts'
import type { TokenTable } from '../tokenizer/vocabulary.ts'

/** What a model adds to what a request says. */
export interface GenerateSetting {
  readonly vocabularySize: number
  readonly contextLength: number
  /** Of the model's file. */
  readonly sampling: SamplingNumbers
  /** What a request does that does not say. */
  readonly speculation: Speculation
  /** Tokens that end a text. */
  readonly stopTokens: readonly number[]
  /** Tokens that are never drawn. */
  readonly suppressed: readonly number[]
  /** Absent for a model without a vocabulary. */
  readonly table: TokenTable | undefined
}

/** But for what takes time. */
type UnpromptedRequest = Omit<GenerateRequest, 'prompt' | 'session' | 'constraint'>

/** The request, but for its prompt, session and form. Throws `option_invalid` for what the options' own ranges do not say. */
export function generateRequest(options: GivenOptions<typeof GENERATE>, setting: GenerateSetting): UnpromptedRequest {
  const { vocabularySize, contextLength } = setting
  const { choices = GENERATE.choices.default, maxTokens = contextLength, stop = [], stopIds = [], ignoreEos } = options
  const randomSeed = crypto.getRandomValues(new Uint32Array(1))[0]!
  const draft = resolveSpeculation(options.speculation ?? setting.speculation, options.draft ?? {})
  const stopStrings = stop.map((text) => new TextEncoder().encode(text))
  const ends = [...(ignoreEos ? [] : setting.stopTokens), ...controlStops(stopStrings, setting.table), ...stopIds]
  const unknown = stopIds.find((id) => id >= vocabularySize)
  if (unknown !== undefined) throw refused(optionSite('stopIds'), `token ids below ${vocabularySize}`, unknown)
  const parameters = resolveSampling(options, vocabularySize, randomSeed, setting.sampling)
  const bans = setting.suppressed.map((id) => [id, Number.NEGATIVE_INFINITY] as const)
  return {
    kind: 'generate',
    parameters: { ...parameters, logitBias: [...parameters.logitBias, ...bans] },
    choices,
    tokensMax: maxTokens,
    stopTokens: [...new Set(ends)],
    stopStrings,
    cachePrompt: options.cachePrompt ?? true,
    ...(draft && { draft }),
  }
}

/** Control tokens that are called like a stop text: they print nothing that a text could be looked for in. */
function controlStops(stopStrings: readonly Uint8Array[], table: TokenTable | undefined): number[] {
  if (table === undefined || stopStrings.length === 0) return []
  const { ids, texts } = table.controls
  const isStop = (_: number, i: number) => {
    const text = byteStringAt(texts, i)
    return stopStrings.some((stop) => stop.length === text.length && stop.every((byte, at) => byte === text[at]))
  }
  return Array.from(ids.filter(isStop))
}
