// What is compared of a vocabulary: which ids texts become, and which tokens mean something.
import { isDeepStrictEqual } from 'node:util'
import { openGguf, TsinferError } from '../../../engine/index.ts'
import { createTokenizer, metadataOf, readVocabulary } from '../../../tokenizer/index.ts'
import { CONTROL } from '../../../tokenizer/token-attributes.ts'

/** Without BOS and EOS. */
export const FACT_TEXTS: readonly string[] = [
  'hello world',
  ' Hello  World 123\n\n\tÉté <tool> x',
  'hello <|im_start|> hello<|im_end|>\n<mask> <s></s><unk>',
  '<|channel|>hello<|endoftext|>',
]

/**
 * Ids are -1 where there is none; for BOS and EOS, and what follows from them, also where they are no control tokens, of which
 * node-llama-cpp says nothing. `text 0` is the first text, `special 0` the same with control tokens looked for.
 */
export type VocabularyFacts = Readonly<Record<string, number | boolean | readonly number[]>>

export type FactsAnswer = { readonly facts: VocabularyFacts } | { readonly refused: string }

/** What llama.cpp makes of changed keys of a vocabulary. */
export interface VocabularyFixture {
  readonly oracle: string
  /** Without a change. */
  readonly facts: VocabularyFacts
  readonly changes: number
  /** Names of changes with which it does not read the vocabulary. */
  readonly refused: readonly string[]
  /** Of the other changes, the facts that are not as without. */
  readonly followed: Readonly<Record<string, VocabularyFacts>>
}

/** Of `facts`, those that are not as in `base`. */
export function differences(facts: VocabularyFacts, base: VocabularyFacts): VocabularyFacts {
  return Object.fromEntries(Object.entries(facts).filter(([name, value]) => !isDeepStrictEqual(value, base[name])))
}

/** The facts of the texts, with whatever encodes them. */
export const textFacts = (encode: (text: string, parseSpecial: boolean) => readonly number[]): VocabularyFacts =>
  Object.fromEntries(
    FACT_TEXTS.flatMap((text, i) => [
      [`text ${i}`, [...encode(text, false)]],
      [`special ${i}`, [...encode(text, true)]],
    ]),
  )

/** What tsinfer makes of the vocabulary at `path`. */
export function ourFacts(path: string): FactsAnswer {
  try {
    const vocabulary = readVocabulary(metadataOf(openGguf(path)))
    const { ids, endOfGeneration, addBos, addEos, attributes } = vocabulary
    const control = (id: number | undefined) => (id !== undefined && attributes[id]! & CONTROL ? id : -1)
    const bos = control(ids.bos)
    const tokenizer = createTokenizer(vocabulary)
    return {
      facts: {
        ...textFacts((text, parseSpecial) => tokenizer.encode(text, { addBos: false, parseSpecial })),
        bos,
        eos: control(ids.eos),
        eot: ids.eot ?? -1,
        prefix: ids.fimPrefix ?? -1,
        suffix: ids.fimSuffix ?? -1,
        middle: ids.fimMiddle ?? -1,
        ends: endOfGeneration,
        addBos: bos >= 0 && addBos,
        addEos: bos >= 0 && addEos,
      },
    }
  } catch (error) {
    if (error instanceof TsinferError) return { refused: error.message }
    throw error
  }
}
