// What llama.cpp computes with a model, in the words of `bench keys`.
import type { Library } from '../../peers/library.ts'
import { bestTokens } from '../llama.ts'
import { SWEEP_CONTEXT, SWEEP_IDS, TOP } from './prompt.ts'

/** The best tokens after the prompt, each followed by its probability; or why there are none. */
export type Answer = { readonly figures: readonly number[] } | { readonly refused: string }

export async function figuresOf({ llama }: Library, path: string): Promise<Answer> {
  const model = await llama.loadModel({ modelPath: path, useMmap: false })
  try {
    const context = await model.createContext({ contextSize: SWEEP_CONTEXT, threads: { ideal: 1, min: 1 } })
    try {
      return { figures: await bestTokens(context.getSequence(), SWEEP_IDS, TOP) }
    } finally {
      await context.dispose()
    }
  } finally {
    await model.dispose()
  }
}
