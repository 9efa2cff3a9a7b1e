// The sampling rule in its plainest form: the whole vocabulary, filter after filter, each as its paper or llama.cpp's
// documentation defines it, in float64.
import { GumbelNoise } from '../../engine/sampling/noise.ts'
import type { SamplingParameters } from '../../engine/sampling/parameters.ts'

interface Candidate {
  readonly id: number
  readonly logit: number
}

/** What is drawn from, and how: the chain of filters, where XTC has drawn `chance`. */
export interface ReferenceSetting {
  readonly parameters: SamplingParameters
  readonly history: readonly number[]
  readonly chance: number
  /** Tokens in which a breaker of sequences ends. */
  readonly breaks?: readonly boolean[]
}

type Step = (candidates: readonly Candidate[], setting: ReferenceSetting) => readonly Candidate[]

const byRank = (candidates: readonly Candidate[]): Candidate[] =>
  candidates.toSorted((a, b) => b.logit - a.logit || a.id - b.id)
const chancesOf = (candidates: readonly Candidate[]): number[] => {
  const best = Math.max(...candidates.map(({ logit }) => logit))
  const weights = candidates.map(({ logit }) => Math.exp(logit - best))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}

/** The longest ending of the text that has stood before a token, per token. */
export function repeatedLengths(
  history: readonly number[],
  lastN: number,
  breaks: readonly boolean[],
): ReadonlyMap<number, number> {
  const text = lastN < 0 ? history : history.slice(Math.max(0, history.length - lastN))
  const stops = breaks.slice(breaks.length - text.length)
  const limit = text.length - 1 - stops.lastIndexOf(true)
  const found = new Map<number, number>()
  for (let next = 1; next < text.length; next++) {
    let length = 0
    while (length < limit && length < next && text[next - 1 - length] === text[text.length - 1 - length]) length++
    found.set(text[next]!, Math.max(length, found.get(text[next]!) ?? 0))
  }
  return found
}

const STEPS: Readonly<Record<SamplingParameters['samplers'][number], Step>> = {
  penalties(candidates, { parameters, history }) {
    const { repeatLastN, repeatPenalty, frequencyPenalty, presencePenalty } = parameters
    const recent = repeatLastN < 0 ? history : history.slice(Math.max(0, history.length - repeatLastN))
    return candidates.map(({ id, logit }) => {
      const count = recent.filter((token) => token === id).length
      if (count === 0) return { id, logit }
      const scaled = logit <= 0 ? logit * repeatPenalty : logit / repeatPenalty
      return { id, logit: scaled - (count * frequencyPenalty + presencePenalty) }
    })
  },
  dry(candidates, { parameters, history, breaks = [] }) {
    const { dryMultiplier, dryBase, dryAllowedLength, dryPenaltyLastN } = parameters
    if (dryMultiplier === 0) return candidates
    const lengths = repeatedLengths(history, dryPenaltyLastN, breaks)
    return candidates.map(({ id, logit }) => {
      const length = lengths.get(id) ?? 0
      if (length < dryAllowedLength) return { id, logit }
      return { id, logit: logit - dryMultiplier * dryBase ** (length - dryAllowedLength) }
    })
  },
  top_n_sigma(candidates, { parameters: { topNSigma } }) {
    if (topNSigma <= 0) return candidates
    const logits = candidates.map(({ logit }) => logit).filter((logit) => logit > Number.NEGATIVE_INFINITY)
    const mean = logits.reduce((sum, logit) => sum + logit, 0) / logits.length
    const deviation = Math.sqrt(logits.reduce((sum, logit) => sum + (logit - mean) ** 2, 0) / logits.length)
    const threshold = Math.max(...logits) - topNSigma * deviation
    return candidates.filter(({ logit }) => logit >= threshold)
  },
  top_k: (candidates, { parameters: { topK } }) => (topK === 0 ? candidates : byRank(candidates).slice(0, topK)),
  typ_p(candidates, { parameters: { typicalP } }) {
    if (typicalP >= 1) return candidates
    const allowed = candidates.filter(({ logit }) => logit > Number.NEGATIVE_INFINITY)
    const chances = chancesOf(allowed)
    const entropy = chances.reduce((sum, chance) => sum - (chance > 0 ? chance * Math.log(chance) : 0), 0)
    const best = Math.max(...allowed.map(({ logit }) => logit))
    const mass = allowed.reduce((sum, { logit }) => sum + Math.exp(logit - best), 0)
    const sorted = allowed
      .map((candidate, i) => {
        const information = Math.log(mass) - (candidate.logit - best)
        return { candidate, chance: chances[i]!, distance: Math.abs(information - entropy) }
      })
      .sort((a, b) => a.distance - b.distance || a.candidate.id - b.candidate.id)
    let sum = 0
    return sorted
      .filter(({ chance }) => {
        const isKept = sum <= typicalP
        sum += chance
        return isKept
      })
      .map(({ candidate }) => candidate)
  },
  top_p(candidates, { parameters: { topP } }) {
    if (topP >= 1) return candidates
    const ranked = byRank(candidates)
    const weights = ranked.map(({ logit }) => Math.exp(logit - ranked[0]!.logit))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    let mass = 0
    return ranked.filter((_, i) => {
      const isKept = i === 0 || mass < topP * total
      mass += weights[i]!
      return isKept
    })
  },
  min_p(candidates, { parameters: { minP } }) {
    const ranked = byRank(candidates)
    return ranked.filter(({ logit }, i) => i === 0 || logit >= ranked[0]!.logit + Math.log(minP))
  },
  xtc(candidates, { parameters: { xtcProbability, xtcThreshold }, chance }) {
    if (xtcProbability === 0 || chance > xtcProbability || xtcThreshold > 0.5) return candidates
    const ranked = byRank(candidates).filter(({ logit }) => logit > Number.NEGATIVE_INFINITY)
    const top = chancesOf(ranked).filter((one) => one >= xtcThreshold).length
    return ranked.slice(Math.max(0, top - 1))
  },
  temperature(candidates, { parameters: { temperature } }) {
    if (temperature === 0) return byRank(candidates).slice(0, 1)
    return candidates.map(({ id, logit }) => ({ id, logit: logit / temperature }))
  },
}

/** What is left of the tokens, best first. Logits are divided by the temperature already. */
export function referenceFilter(logits: ArrayLike<number>, setting: ReferenceSetting): Candidate[] {
  const bias = new Map(setting.parameters.logitBias)
  let kept: readonly Candidate[] = Array.from(logits, (raw, id) => ({ id, logit: raw + (bias.get(id) ?? 0) }))
  for (const name of setting.parameters.samplers) kept = STEPS[name](kept, setting)
  return byRank(kept)
}

export function referenceSample(
  logits: ArrayLike<number>,
  history: readonly number[],
  parameters: SamplingParameters,
  choice: number,
  position: number,
  breaks: readonly boolean[] = [],
): number {
  const noise = new GumbelNoise(parameters.seed, choice)
  noise.setPosition(position)
  const kept = referenceFilter(logits, { parameters, history, chance: noise.chance, breaks })
  if (kept.length === 1) return kept[0]!.id
  const scored = kept.map(({ id, logit }) => ({ id, score: logit - kept[0]!.logit + noise.of(id) }))
  return scored.reduce((a, b) => (b.score > a.score || (b.score === a.score && b.id < a.id) ? b : a)).id
}
