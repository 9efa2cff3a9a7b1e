// From the options of a generation, which were checked, to what the engine is asked for.
import {
  type EngineRequest,
  GENERATE,
  type GivenOptions,
  resolveResponseFormat,
  resolveSampling,
  resolveSpeculation,
  type SamplingDefaults,
  type Speculation,
} from './engine/index.ts'

/** What a model adds to what a request says. */
export interface GenerateSetting {
  readonly vocabularySize: number
  readonly contextLength: number
  readonly sampling: SamplingDefaults
  /** What a request does that does not say. */
  readonly speculation: Speculation
  /** Tokens that end a text. */
  readonly stopTokens: readonly number[]
}

type GenerateRequest = Omit<Extract<EngineRequest, { kind: 'generate' }>, 'prompt' | 'session'>

/**
 * The request, but for its prompt and session. Throws `option_invalid`, `schema_invalid` or `schema_unsupported` for what
 * the options' own ranges do not say.
 */
export function generateRequest(options: GivenOptions<typeof GENERATE>, setting: GenerateSetting): GenerateRequest {
  const { vocabularySize, contextLength } = setting
  const {
    choices = GENERATE.choices.default,
    maxTokens = contextLength,
    stop = [],
    ignoreEos,
    responseFormat,
  } = options
  const randomSeed = crypto.getRandomValues(new Uint32Array(1))[0]!
  const draft = resolveSpeculation(options.speculation ?? setting.speculation, options.draft ?? {})
  const constraint = resolveResponseFormat(responseFormat)
  return {
    kind: 'generate',
    parameters: resolveSampling(options, vocabularySize, randomSeed, setting.sampling),
    choices,
    tokensMax: maxTokens,
    stopTokens: ignoreEos ? [] : setting.stopTokens,
    stopStrings: stop.map((text) => new TextEncoder().encode(text)),
    ...(draft && { draft }),
    ...(constraint && { constraint }),
  }
}
