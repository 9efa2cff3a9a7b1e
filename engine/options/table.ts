// THE table of options: for every public function the options it takes, with kinds, ranges, defaults and a line of
// documentation each. The checks at the library's door, the defaults that the code uses and the help of the command line
// follow from it; its keys are those of the public types, by the compiler.

import type { Priority } from '../domain.ts'
import {
  CHAT_NESTING_MAX,
  CHAT_SIZE_MAX,
  CHOICES_MAX,
  CHUNK_ROWS_MAX,
  CLIENT_CHARS_MAX,
  CONTEXT_MAX,
  DEFAULT_CHUNK_ROWS,
  DEFAULT_CONTEXT,
  DEFAULT_GAP_FACTOR,
  DEFAULT_QUEUE,
  GAP_FACTOR_MAX,
  LANES_MAX,
  QUEUE_MAX,
  SCORE_TOP_MAX,
  SEQUENCES_MAX,
  SPINS_MAX,
  STAGES_MAX,
  VOCABULARY_MAX,
} from '../limits.ts'
import type { ChatOptions } from '../public/chat.ts'
import type { EmbedOptions } from '../public/embed.ts'
import type { GenerateOptions, ResponseFormat } from '../public/generation.ts'
import type { KvType, LoadOptions } from '../public/loading.ts'
import type { QueueOptions } from '../public/queueing.ts'
import type { ScoreOptions } from '../public/score.ts'
import type { Session } from '../public/session.ts'
import type { TokenizeOptions } from '../public/tokenize.ts'
import { callback, flag, integer, isRecord, type Kind, list, name, number, oneOf, signal, text } from './kinds.ts'
import { path } from './paths.ts'
import { plainData } from './plain-data.ts'
import { type OptionTable, record } from './read-options.ts'
import { inside, refused } from './refusal.ts'
import { DRAFT, SAMPLING, SPECULATION } from './sampling.ts'
import { stopTexts } from './stop-texts.ts'

const kvType = oneOf<KvType>('f32', 'f16', 'q8_0')
const SIGNAL = { kind: signal, doc: 'ends it early' } as const
const NOTICE = {
  kind: callback<(notice: string) => void>(),
  doc: 'called with a line about what is done in place of what was asked',
} as const
const TOKENIZER_PRE = { kind: text, doc: "pre-tokenizer to use instead of the file's tokenizer.ggml.pre" } as const

/** Whose turn it is when. */
const QUEUE = {
  client: { kind: name(CLIENT_CHARS_MAX), defaultText: 'nobody in particular', doc: 'whom the request is for' },
  priority: {
    kind: oneOf<Priority>('interactive', 'batch'),
    default: 'interactive',
    doc: 'interactive or batch: nobody waits for it',
  },
} as const satisfies OptionTable<QueueOptions>

/** How a model runs best here, as `keepTuning` keeps it. */
export const TUNING = {
  lanes: { kind: integer(1, LANES_MAX), doc: 'threads per stage' },
  chunkRows: {
    kind: integer(1, CHUNK_ROWS_MAX),
    defaultText: `${DEFAULT_CHUNK_ROWS}`,
    doc: 'tokens of a prefill chunk',
  },
  barrierSpins: {
    kind: integer(0, SPINS_MAX),
    defaultText: 'about 20 microseconds',
    doc: 'looks of a lane before it parks at a barrier',
  },
} as const satisfies OptionTable<Pick<LoadOptions, 'lanes' | 'chunkRows' | 'barrierSpins'>>

/** Of `loadModel` and `inspectModel`. */
export const LOAD = {
  context: {
    kind: integer(0, CONTEXT_MAX),
    defaultText: `the smallest of the model's, ${DEFAULT_CONTEXT} and what fits one stage`,
    doc: "positions; 0 = the model's",
  },
  threads: { kind: integer(1, STAGES_MAX * LANES_MAX), doc: 'cores to use in all' },
  stages: { kind: integer(1, STAGES_MAX), doc: 'pipeline stages' },
  ...TUNING,
  tuning: { kind: path, doc: 'folder with tunings of this machine, which are used where the plan is left open' },
  costs: {
    kind: path,
    doc: 'file that keeps what micro-batches of so many rows take here, so that it is measured once',
  },
  kvTypeK: {
    kind: kvType,
    defaultText: 'f16; f32 for F32 weights',
    doc: 'type of the K cells: f32, f16 or q8_0',
  },
  kvTypeV: { kind: kvType, doc: 'type of the V cells, likewise' },
  kernels: {
    kind: oneOf('auto', 'plain', 'relaxed', 'relaxed-dot'),
    doc: 'build of the kernels: the fastest, or this one (same results)',
  },
  kvCells: {
    kind: integer(1, CONTEXT_MAX * SEQUENCES_MAX),
    defaultText: 'four contexts, or what a quarter of the free memory holds',
    doc: 'positions that all requests together can have in KV cells',
  },
  gapFactor: {
    kind: number({ least: 1, most: GAP_FACTOR_MAX }),
    default: DEFAULT_GAP_FACTOR,
    doc: 'most that prompts of others lengthen a step of decoding by',
  },
  queueMax: {
    kind: integer(1, QUEUE_MAX),
    default: DEFAULT_QUEUE,
    doc: 'requests that may wait for their turn; more are refused',
  },
  sequences: {
    kind: integer(1, SEQUENCES_MAX),
    defaultText: 'what kvCells says',
    doc: 'sequences of full length that there are KV cells for',
  },
  draftModel: {
    kind: path,
    defaultText: 'n-grams do',
    doc: 'a smaller model of the same vocabulary that drafts',
  },
  draftThreads: {
    kind: integer(1, STAGES_MAX * LANES_MAX),
    defaultText: 'it shares them',
    doc: 'cores that only the draft model uses, of all',
  },
  draftStages: {
    kind: integer(1, STAGES_MAX),
    defaultText: 'as few as it fits',
    doc: 'pipeline stages of the draft model',
  },
  tokenizerPre: TOKENIZER_PRE,
  experimentalV8: { kind: flag, default: false, doc: 'set V8 flags, which act on the whole process' },
  trace: { kind: path, doc: 'write what every thread did, for ui.perfetto.dev' },
  signal: SIGNAL,
  onNotice: NOTICE,
  onProgress: { kind: callback<(fraction: number) => void>(), doc: 'called with 0..1 while the weights are read' },
} as const satisfies OptionTable<LoadOptions>

/** Of `openTokenizer`. */
export const TOKENIZER = {
  tokenizerPre: TOKENIZER_PRE,
  onNotice: NOTICE,
} as const satisfies OptionTable<Pick<LoadOptions, 'tokenizerPre' | 'onNotice'>>

/** Of `tokenize` and a tokenizer's `encode`. */
export const TOKENIZE = {
  addBos: { kind: flag, default: true, doc: 'put a BOS in front where the model wants one' },
  parseSpecial: { kind: flag, default: true, doc: 'read special tokens as such' },
  signal: SIGNAL,
} as const satisfies OptionTable<TokenizeOptions>

/** Looked at for what it is by who made it. */
const session: Kind<Session> = {
  expected: 'a session of this model',
  read(value, site) {
    if (typeof value !== 'object' || value === null) throw refused(site, session.expected, value)
    return value as Session
  },
}

/** What a format has beside its type. */
const FORMAT_PARTS = { json_schema: 'schema', grammar: 'grammar', regex: 'pattern', choice: 'choices' } as const

/** Its type and what belongs to it; whether that can be kept is seen when it is compiled. */
const responseFormat: Kind<ResponseFormat> = {
  expected: 'an object with a type and, of most types, what the text has to keep',
  read(value, site) {
    if (!isRecord(value)) throw refused(site, responseFormat.expected, value)
    const format = record(FORMAT).read(value, site)
    if (format.type === undefined) throw refused(inside(site, '.type'), FORMAT.type.kind.expected, undefined)
    const part = FORMAT_PARTS[format.type as keyof typeof FORMAT_PARTS]
    if (part !== undefined && format[part] === undefined) {
      throw refused(inside(site, `.${part}`), FORMAT[part].kind.expected, undefined)
    }
    return format as ResponseFormat
  },
}

const schema: Kind<object | boolean> = {
  expected: 'a JSON Schema',
  read(value, site) {
    if ((typeof value !== 'object' || value === null) && typeof value !== 'boolean') {
      throw refused(site, schema.expected, value)
    }
    return value
  },
}

/** Of `responseFormat`, and of `checkResponseFormat`. */
export const FORMAT = {
  type: {
    kind: oneOf('text', 'json_object', 'json_schema', 'grammar', 'regex', 'choice'),
    doc: 'text, json_object, json_schema, grammar, regex or choice',
  },
  schema: { kind: schema, doc: 'a JSON Schema' },
  grammar: { kind: text, doc: "a grammar in GBNF, llama.cpp's notation" },
  pattern: { kind: text, doc: 'a regular expression that matches the whole text' },
  choices: { kind: list(text, CHOICES_MAX, 'texts'), doc: 'texts, of which it is one' },
} as const

/** Of `generate`. */
export const GENERATE = {
  ...SAMPLING,
  maxTokens: { kind: integer(0), defaultText: 'until the context is full', doc: 'most tokens per choice' },
  stop: { kind: stopTexts, doc: 'texts that end a choice, or one; the text is cut before them' },
  stopIds: {
    kind: list(integer(0, VOCABULARY_MAX - 1), VOCABULARY_MAX, 'token ids'),
    doc: 'tokens that end a choice and are not part of it',
  },
  responseFormat: { kind: responseFormat, defaultText: 'any text', doc: 'what the text has to be' },
  choices: { kind: integer(1, SEQUENCES_MAX), default: 1, doc: 'continuations of the same prompt' },
  speculation: SPECULATION,
  draft: { kind: record(DRAFT), doc: 'how to draft' },
  ignoreEos: { kind: flag, default: false, doc: 'go on after a token that ends the text' },
  parseSpecial: { kind: flag, default: true, doc: 'read special tokens in a text prompt as such' },
  session: { kind: session, doc: 'goes on from its KV cells and leaves the new text in them' },
  cachePrompt: { kind: flag, default: true, doc: 'use the KV cells of texts that begin alike' },
  ...QUEUE,
  signal: SIGNAL,
} as const satisfies OptionTable<GenerateOptions>

/** NaN of what is no Date; one of another realm is no instance of ours. */
function timeOf(value: unknown): number {
  try {
    return Date.prototype.getTime.call(value)
  } catch {
    return Number.NaN
  }
}

const chatData = plainData({ size: CHAT_SIZE_MAX, nesting: CHAT_NESTING_MAX })

/** Values of a conversation, copied. */
const listed = <Value>(things: string): Kind<readonly Value[]> => ({
  expected: `a list of ${things}`,
  read(value, site) {
    if (!Array.isArray(value)) throw refused(site, `a list of ${things}`, value)
    return chatData.read(value, site) as readonly Value[]
  },
})

/** The messages of a chat: who says what in which form is the template's business. */
export const chatMessages = listed<never>('messages')

type Tools = NonNullable<ChatOptions['tools']>

/** What the function is like is the template's business, but for its being there. */
const tools: Kind<Tools> = {
  expected: 'a list of tools',
  read(value, site) {
    const read = listed<Tools[number]>('tools').read(value, site)
    for (const [i, tool] of read.entries()) {
      if (!isRecord(tool) || !isRecord(tool.function))
        throw refused(inside(site, `[${i}]`), 'a tool with a function', tool)
      const { name } = tool.function as { readonly name?: unknown }
      if (typeof name !== 'string' || name === '')
        throw refused(inside(site, `[${i}].function.name`), 'the name of a function', name)
    }
    return read
  },
}

/** Of `chat`. */
export const CHAT = {
  ...GENERATE,
  parseSpecial: { kind: flag, default: false, doc: 'read control tokens that messages and tools spell as such' },
  tools: { kind: tools, doc: 'offered to the model' },
  toolsInPrompt: {
    kind: flag,
    default: false,
    doc: 'tell the tools in the system turn where the template reads none; they are refused otherwise',
  },
  chatTemplate: { kind: text, doc: 'a Jinja template, or the name of one of several in the model file' },
  templateVariables: {
    kind: {
      expected: 'an object with variables',
      read(value, site) {
        if (!isRecord(value)) throw refused(site, 'an object with variables', value)
        return chatData.read(value, site) as Readonly<Record<string, unknown>>
      },
    } satisfies Kind<Readonly<Record<string, unknown>>>,
    doc: 'more variables for the template, e.g. {"enable_thinking":false}',
  },
  now: {
    kind: {
      expected: 'a Date of some day',
      read(value, site) {
        const ms = timeOf(value)
        if (Number.isNaN(ms)) throw refused(site, 'a Date of some day', value)
        return new Date(ms)
      },
    } satisfies Kind<Date>,
    defaultText: 'the clock',
    doc: "what the template's clock shows",
  },
} as const satisfies OptionTable<ChatOptions>

/** Of `score`. */
export const SCORE = {
  from: { kind: integer(0, CONTEXT_MAX), default: 0, doc: 'first position to report' },
  top: { kind: integer(0, SCORE_TOP_MAX), default: 5, doc: 'next tokens to report' },
  ...QUEUE,
  signal: SIGNAL,
} as const satisfies OptionTable<ScoreOptions>

/** Of `embed`. */
export const EMBED = {
  pooling: {
    kind: oneOf('mean', 'last', 'cls'),
    defaultText: "the model's, else the mean",
    doc: "which of a text's tokens its embedding is made of",
  },
  normalize: { kind: flag, default: true, doc: 'scale each embedding to length 1' },
  ...QUEUE,
  signal: SIGNAL,
} as const satisfies OptionTable<EmbedOptions>

/** Of `readChatTemplate`. */
export const TEMPLATE = {
  name: { kind: text, doc: 'a template that the file has by this name' },
  hasTools: { kind: flag, default: false, doc: 'prefer the template that the file has for tools' },
} as const
