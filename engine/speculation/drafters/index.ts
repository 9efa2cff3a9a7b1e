// All drafters, the best first: the first that can be had drafts for a model.
import type { Pipeline } from '../../pipeline/pipeline.ts'
import type { SchedulerLimits } from '../../scheduler/events.ts'
import { DraftModel, type Ranker } from './draft-model.ts'
import type { DraftedChoice, Drafter, DrafterHost } from './drafter.ts'
import { Ngrams } from './ngrams.ts'

/** What a drafter may be made of. */
export interface DrafterParts {
  readonly host: DrafterHost
  /** The pipeline of a draft model, where one is loaded. */
  readonly draft:
    | {
        readonly limits: SchedulerLimits
        readonly pipeline: Pipeline
        readonly newRanker: (choice: DraftedChoice) => Ranker
      }
    | undefined
}

const DRAFTERS: readonly ((parts: DrafterParts) => Drafter | undefined)[] = [
  ({ draft, host }) => draft && new DraftModel(draft.limits, draft.pipeline, draft.newRanker, host),
  ({ host }) => new Ngrams(host),
]

export function createDrafter(parts: DrafterParts): Drafter {
  for (const create of DRAFTERS) {
    const drafter = create(parts)
    if (drafter) return drafter
  }
  throw new Error('no drafter')
}
