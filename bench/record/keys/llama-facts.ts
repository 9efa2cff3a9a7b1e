// What llama.cpp makes of a vocabulary, in the words of `bench keys`.
import type { Library } from '../../peers/library.ts'
import { type FactsAnswer, textFacts } from './vocabulary-facts.ts'

export async function factsOf({ llama }: Library, path: string): Promise<FactsAnswer> {
  const model = await llama.loadModel({ modelPath: path, vocabOnly: true, useMmap: false })
  try {
    const { bos, eos, eot, infill, shouldPrependBosToken, shouldAppendEosToken } = model.tokens
    return {
      facts: {
        ...textFacts((text, parseSpecial) => model.tokenize(text, parseSpecial)),
        bos: bos ?? -1,
        eos: eos ?? -1,
        eot: eot ?? -1,
        prefix: infill.prefix ?? -1,
        suffix: infill.suffix ?? -1,
        middle: infill.middle ?? -1,
        ends: [...model.iterateAllTokens()].filter((id) => model.isEogToken(id)),
        addBos: shouldPrependBosToken,
        addEos: shouldAppendEosToken,
      },
    }
  } finally {
    await model.dispose()
  }
}
