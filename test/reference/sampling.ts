// The sampling rule in its plainest form: the whole vocabulary, sorted, filter after filter.
import { GumbelNoise } from '../../engine/sampling/noise.ts'
import type { SamplingParameters } from '../../engine/sampling/parameters.ts'

interface Candidate {
  readonly id: number
  readonly logit: number
}

export function referenceFilter(
  logits: ArrayLike<number>,
  history: readonly number[],
  parameters: SamplingParameters,
): Candidate[] {
  const { repeatLastN, repeatPenalty, frequencyPenalty, presencePenalty, temperature, topK, topP, minP } = parameters
  const recent = repeatLastN < 0 ? history : history.slice(Math.max(0, history.length - repeatLastN))
  const bias = new Map(parameters.logitBias)
  const changed = Array.from(logits, (raw, id): Candidate => {
    let logit = raw + (bias.get(id) ?? 0)
    const count = recent.filter((token) => token === id).length
    if (count > 0) {
      logit = logit <= 0 ? logit * repeatPenalty : logit / repeatPenalty
      logit -= count * frequencyPenalty + presencePenalty
    }
    return { id, logit }
  })
  changed.sort((a, b) => b.logit - a.logit || a.id - b.id)
  if (temperature === 0) return changed.slice(0, 1)
  let kept = topK === 0 ? changed : changed.slice(0, topK)
  const best = kept[0]!.logit
  if (topP < 1) {
    const weights = kept.map(({ logit }) => Math.exp(logit - best))
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    let mass = 0
    kept = kept.filter((_, i) => {
      const isKept = i === 0 || mass < topP * total
      mass += weights[i]!
      return isKept
    })
  }
  return kept.filter(({ logit }, i) => i === 0 || logit >= best + Math.log(minP))
}

export function referenceSample(
  logits: ArrayLike<number>,
  history: readonly number[],
  parameters: SamplingParameters,
  choice: number,
  position: number,
): number {
  const kept = referenceFilter(logits, history, parameters)
  if (kept.length === 1) return kept[0]!.id
  const noise = new GumbelNoise(parameters.seed, choice)
  noise.setPosition(position)
  const scored = kept.map(({ id, logit }) => ({
    id,
    score: (logit - kept[0]!.logit) / parameters.temperature + noise.of(id),
  }))
  return scored.reduce((a, b) => (b.score > a.score || (b.score === a.score && b.id < a.id) ? b : a)).id
}
