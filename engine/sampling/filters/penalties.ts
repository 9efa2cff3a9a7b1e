// Lowers the logits of tokens that the text, prompt included, has had lately.
import { TokenHistory } from '../history.ts'
import type { LogitFilterKind } from './filter.ts'

export const penalties: LogitFilterKind = {
  sampler: 'penalties',
  works: 'on logits',
  isActive: ({ repeatLastN, repeatPenalty, presencePenalty, frequencyPenalty }) =>
    repeatLastN !== 0 && (repeatPenalty !== 1 || presencePenalty !== 0 || frequencyPenalty !== 0),
  create({ repeatLastN, repeatPenalty, presencePenalty, frequencyPenalty }, vocabularySize) {
    const history = new TokenHistory(vocabularySize, repeatLastN)
    const banning = [
      presencePenalty > 0 && 'presencePenalty',
      frequencyPenalty > 0 && 'frequencyPenalty',
      repeatPenalty !== 1 && 'repeatPenalty',
    ]
    return {
      mayRaise: repeatPenalty < 1 || presencePenalty < 0 || frequencyPenalty < 0,
      banning: banning.filter((name) => name !== false),
      accept: (token) => history.add(token),
      change(token, logit) {
        const occurrences = history.occurrences(token)
        if (occurrences === 0 || logit === Number.NEGATIVE_INFINITY) return logit
        const scaled = logit <= 0 ? logit * repeatPenalty : logit / repeatPenalty
        const lowered = scaled - (occurrences * frequencyPenalty + presencePenalty)
        // Infinities that cancel each other leave no number, so the token is banned.
        return Number.isNaN(lowered) ? Number.NEGATIVE_INFINITY : lowered
      },
    }
  },
}
