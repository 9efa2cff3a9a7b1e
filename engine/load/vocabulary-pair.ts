// Whether two models speak of the same tokens, so that one may draft for the other. Decided from the headers.

import { TsinferError } from '../errors.ts'
import { readNumbers, readStrings } from '../gguf/arrays.ts'
import type { GgufFile } from '../gguf/file.ts'
import type { ModelConfig } from '../model/config/model-config.ts'
import { quoted } from '../quoted.ts'

/** GGUF's token types. */
const NORMAL_TYPE = 1
const CONTROL_TYPE = 3
const UNUSED_TYPE = 5
/** How converters name rows that only fill a table up. */
const PADDING = /^(\[PAD\d*\]|<pad\d*>|<\|pad\d*\|>)$/i
const DIFFERENCES_SHOWN = 5

export interface PairedModel {
  readonly file: GgufFile
  readonly config: Pick<ModelConfig, 'tokens' | 'vocabularySize'>
}

/**
 * What keeps `draft` from drafting for `target`, a line each, at most `most`; empty for a fitting pair. Ids below the
 * smaller vocabulary must have the same text and type. Those above it must be control, unused or padding tokens. BOS,
 * EOS and EOT must be equal or missing in one of the models.
 */
export function pairDifferences(target: PairedModel, draft: PairedModel, most = DIFFERENCES_SHOWN): string[] {
  const found: string[] = []
  for (const name of ['bos', 'eos', 'eot'] as const) {
    const [ours, theirs] = [target.config.tokens[name], draft.config.tokens[name]]
    if (ours !== undefined && theirs !== undefined && ours !== theirs) {
      found.push(`${name.toUpperCase()} is ${ours} and ${theirs}`)
    }
  }
  const [ours, theirs] = [tokensOf(target), tokensOf(draft)]
  if (!ours || !theirs) {
    const [a, b] = [target.config.vocabularySize, draft.config.vocabularySize]
    const isOneSided = ours !== undefined || theirs !== undefined
    if (isOneSided) found.push('only one of the models has a vocabulary')
    else if (a !== b) found.push(`${a} and ${b} tokens`)
    return found.slice(0, most)
  }
  const shared = Math.min(ours.texts.length, theirs.texts.length)
  for (let id = 0; id < shared && found.length < most; id++) {
    const [text, other] = [ours.texts[id]!, theirs.texts[id]!]
    const [type, otherType] = [ours.types?.[id] ?? NORMAL_TYPE, theirs.types?.[id] ?? NORMAL_TYPE]
    if (text !== other) found.push(`token ${id} is ${quoted(text)} and ${quoted(other)}`)
    else if (type !== otherType) found.push(`token ${id} is of type ${type} and ${otherType}`)
  }
  const longer = ours.texts.length > theirs.texts.length ? ours : theirs
  for (let id = shared; id < longer.texts.length && found.length < most; id++) {
    const type = longer.types?.[id] ?? NORMAL_TYPE
    const text = longer.texts[id]!
    if (type === CONTROL_TYPE || type === UNUSED_TYPE || PADDING.test(text)) continue
    found.push(`token ${id}, ${quoted(text)}, is in one vocabulary only`)
  }
  return found.slice(0, most)
}

/** Throws `model_invalid` with the first differences unless `draft` can draft for `target`. */
export function checkPair(target: PairedModel, draft: PairedModel): void {
  const differences = pairDifferences(target, draft)
  if (differences.length === 0) return
  const list = differences.join('; ')
  throw new TsinferError('model_invalid', `draft model: expected the target's vocabulary, found differences: ${list}`)
}

function tokensOf({ file }: PairedModel): { texts: string[]; types: ArrayLike<number> | undefined } | undefined {
  const texts = readStrings(file, 'tokenizer.ggml.tokens')
  return texts && { texts, types: readNumbers(file, 'tokenizer.ggml.token_type') }
}
