// The filters of a choice, in the order in which they work.

import type { SamplingParameters } from '../parameters.ts'
import type { TokenBytes } from '../stop-strings.ts'
import type {
  FilterKind,
  LogitFilter,
  LogitFilterKind,
  RankFilter,
  RankFilterKind,
  SetFilter,
  SetFilterKind,
} from './filter.ts'
import * as list from './list.ts'

const FILTERS: readonly FilterKind[] = Object.values<FilterKind>(list)

/** Filters that work in one pass over tokens: they change logits, then tokens are walked from the best down, then narrowed. */
interface Pass<OnLogits, OnRanks, OnSet> {
  readonly onLogits: OnLogits[]
  readonly onRanks: OnRanks[]
  onSet: OnSet | undefined
}
type KindPass = Pass<LogitFilterKind, RankFilterKind, SetFilterKind>

export interface FilterPass extends Readonly<Pass<LogitFilter, RankFilter, SetFilter>> {
  /** Cuts that may make the best 64 of a row enough: those before the first that looks at all tokens. */
  readonly sufficing: readonly RankFilter[]
  /** Cuts that do not look at all tokens: for guesses, which see no others than the reported ones. */
  readonly guessing: readonly RankFilter[]
}

/** What draws by a request's parameters, as kinds. */
interface Plan {
  readonly passes: readonly KindPass[]
  /** What the logits that are left are divided by; 0 = the best one is taken. */
  readonly temperature: number
  /** Exactly one token survives, the best of the first pass, so that no noise is drawn. */
  readonly isGreedy: boolean
}

/** The filters that do anything, in their order. */
function planOf(parameters: SamplingParameters): Plan {
  const { samplers, temperature } = parameters
  const kinds = samplers.flatMap((name) => FILTERS.filter(({ sampler }) => sampler === name))
  const heat = samplers.indexOf('temperature')
  const isActive = (kind: FilterKind) => kind.isActive(parameters)
  const before = kinds.slice(0, heat < 0 ? kinds.length : heat).filter(isActive)
  const behind = heat < 0 || temperature === 0 ? [] : kinds.slice(heat + 1).filter(isActive)
  // The best token alone is left by a temperature of 0. Where nothing follows, dividing is part of drawing.
  const divided = behind.length === 0 ? [] : kinds.slice(heat, heat + 1).filter(isActive)
  const always = FILTERS.filter((kind) => kind.sampler === 'always' && kind.isActive(parameters))
  const passes = passesOf([...always, ...before, ...divided, ...behind])
  const last = heat < 0 || behind.length > 0 ? 1 : temperature
  const isOne = last === 0 || (parameters.topK === 1 && samplers.includes('top_k'))
  const keepsBest = passes.every(({ onLogits, onSet }, i) => !onSet && (i === 0 || onLogits.length === 0))
  return { passes, temperature: last, isGreedy: isOne && keepsBest }
}

function passesOf(kinds: readonly FilterKind[]): KindPass[] {
  const newPass = (): KindPass => ({ onLogits: [], onRanks: [], onSet: undefined })
  const passes = [newPass()]
  for (const kind of kinds) {
    const { onRanks, onSet } = passes.at(-1)!
    const isBehind =
      (kind.works === 'on logits' && onRanks.length > 0) ||
      (kind.works === 'on ranks' && kind.needsAll && onRanks.some(({ cutsBy }) => cutsBy === 'logit'))
    if (onSet || isBehind) passes.push(newPass())
    const pass = passes.at(-1)!
    if (kind.works === 'on logits') pass.onLogits.push(kind)
    else if (kind.works === 'on ranks') pass.onRanks.push(kind)
    else pass.onSet = kind
  }
  return passes
}

export interface Filters extends Omit<Plan, 'passes'> {
  readonly passes: readonly FilterPass[]
}

export function createFilters(
  parameters: SamplingParameters,
  vocabularySize: number,
  tokenBytes: TokenBytes | undefined,
): Filters {
  const { passes, ...plan } = planOf(parameters)
  const made = passes.map(({ onLogits, onRanks: rankKinds, onSet }) => {
    const onRanks = rankKinds.map((kind) => kind.create(parameters, vocabularySize))
    const firstAll = rankKinds.findIndex(({ needsAll }) => needsAll)
    return {
      onLogits: onLogits.map((kind) => kind.create(parameters, vocabularySize, tokenBytes)),
      onRanks,
      onSet: onSet?.create(parameters, vocabularySize),
      sufficing: onRanks.slice(0, firstAll < 0 ? onRanks.length : firstAll),
      guessing: onRanks.filter((_, i) => !rankKinds[i]!.needsAll),
    }
  })
  return { ...plan, passes: made }
}

/** What the last stage has to report for rows sampled with these parameters; the best token may have been ruled out. */
export function headNeeded(parameters: SamplingParameters, isConstrained: boolean): 'best' | 'top' {
  const { passes, isGreedy } = planOf(parameters)
  return isGreedy && !isConstrained && passes[0]!.onLogits.length === 0 ? 'best' : 'top'
}
