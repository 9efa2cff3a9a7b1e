// What tsinfer makes of a file, in the words of `bench keys`.
import { loadModel, TsinferError } from '../../../index.ts'
import type { Answer } from './llama-figures.ts'
import { SWEEP_CONTEXT, SWEEP_IDS, TOP } from './prompt.ts'

/** The best tokens after the prompt, each followed by its probability; or the message of a refusal. */
export async function ourAnswer(path: string): Promise<Answer> {
  try {
    await using model = await loadModel(path, { context: SWEEP_CONTEXT, lanes: 1, stages: 1 })
    for await (const { top } of model.score(SWEEP_IDS, { from: SWEEP_IDS.length - 1, top: TOP })) {
      return { figures: top.flat() }
    }
    throw new Error('expected a distribution, found none')
  } catch (error) {
    if (error instanceof TsinferError) return { refused: error.message }
    throw error
  }
}
