// Text to token ids for the vocabulary of one model. Pure.
import type { TokenId } from '../engine/domain.ts'
import { BpeEncoder } from './bpe.ts'
import { byteStringAt } from './byte-strings.ts'
import { type ControlTexts, withoutMarks } from './message-marks.ts'
import { SpecialTokens } from './special-tokens.ts'
import { SpmEncoder } from './spm.ts'
import { ONLY_WHEN_ASKED } from './token-attributes.ts'
import type { Vocabulary } from './vocabulary.ts'

export interface EncodeOptions {
  /** Begin with the BOS, where the model wants one. */
  readonly addBos: boolean
  /** End with the EOS, where the model wants one. Default false: text to be continued has none. */
  readonly addEos?: boolean
  /** Take control tokens that the text spells, as chat templates do, for the tokens they name. */
  readonly parseSpecial: boolean
  /** Characters of the text that stand for others, which are no beginning of a control token. */
  readonly standIns?: ReadonlyMap<string, string>
}

export interface Tokenizer {
  /** Token ids of `text`, as llama.cpp gives them. Lone surrogates count as U+FFFD. */
  encode(text: string, options: EncodeOptions): TokenId[]
  readonly controls: ControlTexts
}

/** Builds the tables; takes 0.1 s for 128k tokens and 280k merges. */
export function createTokenizer(vocabulary: Vocabulary): Tokenizer {
  const specials = new SpecialTokens(vocabulary)
  const encodePart = partEncoder(vocabulary)
  const { ids, addBos, addEos } = vocabulary
  const encodeText = (
    text: string,
    atStart: boolean,
    parseSpecial: boolean,
    output: TokenId[],
    standIns?: StandIns,
  ) => {
    let isBegin = atStart
    for (const fragment of specials.partition(text, parseSpecial)) {
      if (typeof fragment !== 'string') output.push(fragment)
      else if (standIns === undefined) encodePart(fragment, isBegin, output)
      // User-defined tokens are found in any text.
      else encodeText(withoutMarks(fragment, standIns), isBegin, false, output)
      isBegin = typeof fragment !== 'string'
    }
  }
  return {
    encode(text, options) {
      const output: TokenId[] = []
      if (options.addBos && addBos) output.push(ids.bos!)
      encodeText(text.replace(/\p{Cs}/gu, '\ufffd'), true, options.parseSpecial, output, options.standIns)
      if (options.addEos && addEos) output.push(ids.eos!)
      return output
    },
    controls: controlTexts(vocabulary, specials),
  }
}

type StandIns = ReadonlyMap<string, string>

/** Found out when first asked for. */
function controlTexts({ texts: { strings }, attributes }: Vocabulary, specials: SpecialTokens): ControlTexts {
  const utf8 = new TextDecoder()
  const textOf = (id: TokenId) => utf8.decode(byteStringAt(strings, id))
  const isControl = (id: TokenId) => (attributes[id]! & ONLY_WHEN_ASKED) !== 0
  const beginningsOf = () => {
    const found = new Set<string>()
    for (let id = 0; id < attributes.length; id++) if (isControl(id)) found.add(textOf(id).slice(0, 1))
    found.delete('')
    return found
  }
  let beginnings: ReadonlySet<string> | undefined
  return {
    get beginnings() {
      beginnings ??= beginningsOf()
      return beginnings
    },
    within(text) {
      const fragments = specials.partition(text, true)
      return fragments.filter((part) => typeof part !== 'string' && isControl(part)).map((id) => textOf(id as TokenId))
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
