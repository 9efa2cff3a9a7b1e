// The options of sampling and of drafting. Defaults of sampling are those of llama.cpp's command line (common/common.h,
// `common_params_sampling`); a model file may have others, see sampling/file-defaults.ts. Pure.
import { BIASES_MAX, CONTEXT_MAX, GROUPS_MAX } from '../limits.ts'
import type { SamplingOptions } from '../public/generation.ts'
import type { DraftOptions, Speculation } from '../public/speculation.ts'
import { POLICY_NAMES } from '../speculation/policies/index.ts'
import { integer, isRecord, type Kind, type NumberKind, number, oneOf } from './kinds.ts'
import { defaultsOf, type OptionTable } from './read-options.ts'
import { inside, refused } from './refusal.ts'
import { SAMPLERS, samplerNames } from './samplers.ts'
import { stopTexts } from './stop-texts.ts'

/** Seeds are 32 bits. */
const SEED_MAX = 0xffffffff

/** An object from token ids to what is added to their logits, as a record of our own. */
const biases: Kind<Readonly<Record<number, number>>> = {
  expected: `an object from at most ${BIASES_MAX} token ids to numbers`,
  read(value, site) {
    if (!isRecord(value)) throw refused(site, biases.expected, value)
    const entries = Object.entries(value)
    if (entries.length > BIASES_MAX) throw refused(site, `at most ${BIASES_MAX} token ids`, entries.length)
    for (const [key, bias] of entries) {
      if (!/^\d{1,10}$/.test(key)) throw refused(site, 'token ids', key)
      const isBias = typeof bias === 'number' && (Number.isFinite(bias) || bias === Number.NEGATIVE_INFINITY)
      if (!isBias) throw refused(inside(site, `[${key}]`), 'a finite number or -Infinity', bias)
    }
    return Object.fromEntries(entries) as Record<number, number>
  },
}

const share = number({ least: 0, most: 1 })

export const DRY_SEQUENCE_BREAKERS: readonly string[] = ['\n', ':', '"', '*']

export const SAMPLING = {
  temperature: { kind: number({ least: 0 }), default: 0.8, doc: 'temperature, 0 = greedy' },
  topK: { kind: integer(0), default: 40, doc: 'keep the K best tokens, 0 = all' },
  topP: { kind: share, default: 0.95, doc: 'keep the best tokens up to this probability together, 1 = all' },
  minP: { kind: share, default: 0.05, doc: "keep tokens above this share of the best one's probability, 0 = all" },
  repeatPenalty: { kind: number({ above: 0 }), default: 1, doc: 'divide the logits of recent tokens, 1 = off' },
  repeatLastN: {
    kind: integer(-1, CONTEXT_MAX),
    default: 64,
    doc: 'recent tokens that the penalties look at, -1 = all, 0 = none',
  },
  presencePenalty: { kind: number(), default: 0, doc: 'subtract from the logits of recent tokens' },
  frequencyPenalty: { kind: number(), default: 0, doc: 'subtract for every recent occurrence' },
  typicalP: { kind: share, default: 1, doc: 'keep the most typical tokens up to this probability together, 1 = all' },
  topNSigma: {
    kind: number(),
    default: -1,
    doc: 'keep tokens within N standard deviations of the best logit, 0 or less = all',
  },
  xtcProbability: { kind: share, default: 0, doc: 'how often the top choices are left out, 0 = never' },
  xtcThreshold: { kind: share, default: 0.1, doc: 'probability of a top choice; above 0.5 there is none to leave out' },
  dryMultiplier: { kind: number({ least: 0 }), default: 0, doc: 'subtract for repeated sequences, 0 = off' },
  dryBase: { kind: number({ least: 1 }), default: 1.75, doc: 'how much more for every token that is repeated' },
  dryAllowedLength: { kind: integer(1, CONTEXT_MAX), default: 2, doc: 'repeated tokens beyond which that counts' },
  dryPenaltyLastN: {
    kind: integer(-1, CONTEXT_MAX),
    default: -1,
    doc: 'recent tokens that are searched for repetitions, -1 = all, 0 = none',
  },
  drySequenceBreakers: {
    kind: stopTexts,
    defaultText: DRY_SEQUENCE_BREAKERS.map((breaker) => JSON.stringify(breaker)).join(' '),
    doc: 'texts that no repetition goes back beyond',
  },
  samplers: { kind: samplerNames, defaultText: SAMPLERS.join(';'), doc: 'filters in their order; others are off' },
  logitBias: { kind: biases, doc: 'add to the logits of these token ids, -Infinity = ban' },
  seed: { kind: integer(0, SEED_MAX), defaultText: 'a random one', doc: 'seed of what is drawn' },
} as const satisfies OptionTable<SamplingOptions>

/** What a request samples with that says nothing, unless the model's file knows better. */
export const DEFAULT_SAMPLING = defaultsOf(SAMPLING)

export const SPECULATION = {
  kind: oneOf<Speculation>(...POLICY_NAMES, 'auto'),
  defaultText: 'auto with a draft model, else off',
  doc: `${POLICY_NAMES.join(', ')} or auto: draft and verify, for the same text`,
} as const

/**
 * nMax: 1 to 4 is what PipeInfer's authors found best with several runs in flight, and a fifth row costs a CPU more than
 * its share. pMin is PipeInfer's built-in cutoff. pSplit: below it a sibling is right too seldom to pay for its row.
 * `auto` chooses how deep to draft itself, and for that must see how good unlikely guesses are.
 */
const NUMBERS = {
  usual: { nMax: 4, nMin: 0, pMin: 0.5, pSplit: 0.3, pRecovery: 0, pDecay: 0 },
  auto: { nMax: 16, pMin: 0.1 },
} as const

const drafts = <Name extends keyof typeof NUMBERS.usual>(name: Name, kind: NumberKind, doc: string) => {
  const { usual, auto } = NUMBERS
  const defaultText = name in auto ? `${usual[name]}; of auto ${auto[name as keyof typeof auto]}` : `${usual[name]}`
  return { kind, defaultText, doc }
}

export const DRAFT = {
  nMax: drafts('nMax', integer(1, GROUPS_MAX), 'most drafted tokens of a round (sync) or micro-batch (pipe)'),
  nMin: drafts('nMin', integer(0, GROUPS_MAX), 'send no fewer drafted tokens than this'),
  pMin: drafts('pMin', share, 'stop drafting where the best guess is less likely'),
  pSplit: drafts('pSplit', share, 'open a branch for another guess that is likelier'),
  pRecovery: drafts('pRecovery', share, 'raise both by this for every micro-batch of drafts sent since the last token'),
  pDecay: drafts('pDecay', share, 'lower both by this for every failed attempt since the last token'),
} as const satisfies OptionTable<DraftOptions>

/** What a request drafts with that says nothing. */
export const DEFAULT_DRAFT = NUMBERS.usual
export const AUTO_DRAFT = { ...NUMBERS.usual, ...NUMBERS.auto } as const
