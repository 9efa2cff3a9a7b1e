// Text to token ids for the vocabulary of one model. Pure.
import type { TokenId } from '../engine/domain.ts'
import { BpeEncoder } from './bpe.ts'
import { SpecialTokens } from './special-tokens.ts'
import { SpmEncoder } from './spm.ts'
import type { Vocabulary } from './vocabulary.ts'

export interface EncodeOptions {
  /** Begin with the BOS, where the model wants one. */
  readonly addBos: boolean
  /** End with the EOS, where the model wants one. Default false: text to be continued has none. */
  readonly addEos?: boolean
  /** Take control tokens that the text spells, as chat templates do, for the tokens they name. */
  readonly parseSpecial: boolean
}

export interface Tokenizer {
  /** Token ids of `text`, as llama.cpp gives them. Lone surrogates count as U+FFFD. */
  encode(text: string, options: EncodeOptions): TokenId[]
}

/** Builds the tables; takes 0.1 s for 128k tokens and 280k merges. */
export function createTokenizer(vocabulary: Vocabulary): Tokenizer {
  const specials = new SpecialTokens(vocabulary)
  const encodePart = partEncoder(vocabulary)
  const { ids, addBos, addEos } = vocabulary
  return {
    encode(text, options) {
      const output: TokenId[] = []
      if (options.addBos && addBos) output.push(ids.bos!)
      let atStart = true
      for (const fragment of specials.partition(text.replace(/\p{Cs}/gu, '\ufffd'), options.parseSpecial)) {
        if (typeof fragment === 'string') encodePart(fragment, atStart, output)
        else output.push(fragment)
        atStart = typeof fragment !== 'string'
      }
      if (options.addEos && addEos) output.push(ids.eos!)
      return output
    },
  }
}

function partEncoder(vocabulary: Vocabulary): (text: string, atStart: boolean, output: TokenId[]) => void {
  if (vocabulary.kind === 'spm') {
    const encoder = new SpmEncoder(vocabulary)
    return (text, atStart, output) => encoder.encode(text, atStart, output)
  }
  const encoder = new BpeEncoder(vocabulary)
  return (text, _atStart, output) => encoder.encode(text, output)
}
