// What llama.cpp computes with a model, in the words of `bench keys`.
import type { Library } from '../../peers/library.ts'
import { SWEEP_CONTEXT, SWEEP_IDS, TOP } from './prompt.ts'

/** The best tokens after the prompt, each followed by its probability; or why there are none. */
export type Answer = { readonly figures: readonly number[] } | { readonly refused: string }

export async function figuresOf({ llama }: Library, path: string): Promise<Answer> {
  const model = await llama.loadModel({ modelPath: path, useMmap: false })
  try {
    const context = await model.createContext({ contextSize: SWEEP_CONTEXT, threads: { ideal: 1, min: 1 } })
    try {
      const input = SWEEP_IDS.map((id, i) =>
        i < SWEEP_IDS.length - 1 ? id : ([id, { generateNext: { logits: true } }] as const),
      )
      const logits = (await context.getSequence().controlledEvaluate(input)).at(-1)?.next.logits
      if (logits === undefined) throw new Error('expected logits, found none')
      const best = [...logits].sort(([, a], [, b]) => b - a)
      if (best.some(([, logit]) => Number.isNaN(logit))) throw new Error('expected numbers, found NaN')
      const total = best.reduce((sum, [, logit]) => sum + Math.exp(logit - best[0]![1]), 0)
      const figures = best
        .slice(0, TOP)
        .flatMap(([id, logit]) => [id, Number((Math.exp(logit - best[0]![1]) / total).toFixed(6))])
      return { figures }
    } finally {
      await context.dispose()
    }
  } finally {
    await model.dispose()
  }
}
