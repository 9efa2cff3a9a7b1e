// Which runs the bench of speculation compares: plans of target and drafter, texts, policies.
import type { LoadOptions, Speculation } from '../../../index.ts'

/** The beginning of a story, in the words the embedded model knows. */
const NOVEL_PROMPT = 'Once upon a time'

const STORY =
  'Once upon a time, there was a little girl named Lily. She loved to play outside in the sun. One day, she went to the ' +
  'park with her mommy and daddy. '

/** A story told twice, and begun again: the model tells it once more, nearly. */
const REPETITIVE_PROMPT = `${STORY}${STORY}Once upon a time`

export interface Drafters {
  readonly draft: string
  /** A drafter that is sure and always wrong. */
  readonly wrong: string
}

/** How the target is loaded, and with which drafter. */
export type Setup = Pick<LoadOptions, 'stages' | 'draftModel'>

export interface SpeculationCase {
  /** Unique in its group. */
  readonly name: string
  readonly setup: Setup
  readonly speculation: Speculation
}

export interface Group {
  readonly prompt: string
  /** The first is the baseline: plain decoding on all cores, without a drafter in memory. */
  readonly cases: readonly SpeculationCase[]
}

export const GROUPS = ['draft', 'wrong', 'ngram', 'repetitive'] as const
export type GroupName = (typeof GROUPS)[number]

/** What the whole measurement consists of. */
export const WHOLE: readonly { readonly group: GroupName; readonly temperature: number }[] = [
  { group: 'draft', temperature: 0 },
  { group: 'draft', temperature: 0.8 },
  { group: 'wrong', temperature: 0 },
  { group: 'ngram', temperature: 0 },
  { group: 'ngram', temperature: 0.8 },
  { group: 'repetitive', temperature: 0 },
]

/** The second baseline of `draft`. */
export const TWO_STAGES_PLAIN = 'two stages, plain'

const POLICIES = ['off', 'sync', 'pipe', 'auto'] as const

const cases = (plan: string, setup: Setup, policies: readonly Speculation[] = POLICIES): SpeculationCase[] =>
  policies.map((speculation) => ({
    name: `${plan}, ${speculation === 'off' ? 'plain' : speculation}`,
    setup,
    speculation,
  }))

export function groupOf(name: GroupName, { draft, wrong }: Drafters): Group {
  const plain = cases('one stage', { stages: 1 }, ['off'])
  switch (name) {
    case 'draft':
      return {
        prompt: NOVEL_PROMPT,
        cases: [
          ...plain,
          ...cases('two stages', { stages: 2 }, ['off']),
          ...cases('one stage and drafter', { stages: 1, draftModel: draft }),
          ...cases('two stages and drafter', { stages: 2, draftModel: draft }),
        ],
      }
    case 'wrong':
      return {
        prompt: NOVEL_PROMPT,
        cases: [...plain, ...cases('one stage and drafter', { stages: 1, draftModel: wrong })],
      }
    case 'ngram':
      return { prompt: NOVEL_PROMPT, cases: cases('one stage', { stages: 1 }) }
    case 'repetitive':
      return { prompt: REPETITIVE_PROMPT, cases: cases('one stage', { stages: 1 }) }
  }
}
