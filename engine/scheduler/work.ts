// What work needs: how long its text gets, how many sequences it is, whether it can run at all.
import type { ClientId, Priority, TokenId } from '../domain.ts'
import { TsinferError } from '../errors.ts'
import type { SchedulerLimits, Work } from './events.ts'

/** What decides whether work fits: a part of `SchedulerLimits`. */
type Room = Pick<SchedulerLimits, 'cells' | 'sequences' | 'contextLength'>

/** Whom work is for. */
export const clientOf = (work: Work): ClientId => ('client' in work ? (work.client ?? 0) : 0)

export const priorityOf = (work: Work): Priority =>
  'priority' in work ? (work.priority ?? 'interactive') : 'interactive'

/** Tokens a sequence of this work can reach, prompt included. */
export function reachableLength(work: Work, contextLength: number): number {
  if (work.kind === 'text') return work.lengthMax
  const { length } = work.prompt
  return work.kind === 'generate' ? Math.min(contextLength, length + work.tokensMax) : length
}

export const promptOf = (work: Work): ArrayLike<TokenId> => (work.kind === 'text' ? [] : work.prompt)

/** Positions whose rows are evaluated: all, but for a last token that is generated. */
export const evaluatedLength = (work: Work, contextLength: number): number =>
  work.kind === 'text' ? work.lengthMax : Math.max(work.prompt.length, reachableLength(work, contextLength) - 1)

export const sequencesNeeded = (work: Work): number =>
  work.kind === 'generate' ? work.choices : work.kind === 'restore' ? 0 : 1

/**
 * Checks that the work can run at all, however long it waits. Throws `prompt_invalid`, `prompt_too_long`,
 * `option_invalid` or `out_of_memory`. The scheduler expects checked work.
 */
export function checkWork(work: Work, room: Room): void {
  const { contextLength, sequences, cells } = room
  const length = work.kind === 'text' ? work.lengthMax : work.prompt.length
  const fail = (code: ConstructorParameters<typeof TsinferError>[0], message: string): never => {
    throw new TsinferError(code, message)
  }
  if (length < 1) fail('prompt_invalid', 'expected a prompt of at least 1 token, found 0')
  if (length > contextLength) {
    fail('prompt_too_long', `expected a prompt of at most ${contextLength} tokens (the context), found ${length}`)
  }
  if (work.kind === 'score') {
    if (!Number.isInteger(work.from) || work.from < 0 || work.from >= length) {
      fail('option_invalid', `expected from in 0..${length - 1}, found ${work.from}`)
    }
  } else if (work.kind === 'generate') {
    if (!Number.isInteger(work.choices) || work.choices < 1 || work.choices > sequences) {
      fail('option_invalid', `expected choices in 1..${sequences} (the sequences loaded for), found ${work.choices}`)
    }
    if (!Number.isInteger(work.tokensMax) || work.tokensMax < 0) {
      fail('option_invalid', `expected a token limit of 0 or more, found ${work.tokensMax}`)
    }
  }
  const needed = evaluatedLength(work, contextLength)
  if (needed > cells) {
    fail('out_of_memory', `expected a text of at most ${cells} KV cells (the number loaded), found one of ${needed}`)
  }
}
