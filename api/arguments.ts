// What the public functions take beside their options. Each throws a typed error for anything else.
import {
  CONTEXT_MAX,
  EMBEDDED_TEXTS_MAX,
  type Kind,
  LISTED_IDS_MAX,
  list,
  optionSite,
  pathKind,
  promptSite,
  readArgument,
  refused,
  textKind,
  tokenIds,
} from '../engine/index.ts'

/** The path of a file or folder; `file:` URLs are taken as paths. */
export const readPath = (value: unknown, name = 'path'): string => readArgument(pathKind, value, optionSite(name))

export const readText = (value: unknown): string => readArgument(textKind, value, promptSite('text'))

/** The ids of a prompt, as the engine wants them. */
export const readPromptIds = (value: unknown, vocabularySize: number, name: string): Int32Array<ArrayBuffer> =>
  readArgument(tokenIds(vocabularySize, CONTEXT_MAX), value, promptSite(name))

/** The same ids, which nobody else holds. Of a vocabulary that may be larger than the model's. */
export function checkPromptIds(ids: Int32Array, vocabularySize: number): Int32Array {
  const isSound = ids.length <= CONTEXT_MAX && ids.every((id) => id < vocabularySize)
  return isSound ? ids : readPromptIds(ids, vocabularySize, 'prompt')
}

/** Ids to be turned into text. */
export const readListedIds = (value: unknown, vocabularySize: number): Int32Array<ArrayBuffer> =>
  readArgument(tokenIds(vocabularySize, LISTED_IDS_MAX), value, promptSite('ids'))

/** What `embed` takes: texts and lists of token ids, or one text alone. */
const embedded = (vocabularySize: number): Kind<readonly (string | Int32Array)[]> => {
  const ids = tokenIds(vocabularySize, CONTEXT_MAX)
  const one: Kind<string | Int32Array> = {
    expected: 'a text or a list of token ids',
    read(value, site) {
      if (typeof value === 'string') return value
      if (typeof value !== 'object' || value === null) throw refused(site, one.expected, value)
      return ids.read(value, site)
    },
  }
  const several = list(one, EMBEDDED_TEXTS_MAX, 'texts')
  return {
    expected: several.expected,
    read: (value, site) => (typeof value === 'string' ? [value] : several.read(value, site)),
  }
}

export const readEmbeddedTexts = (value: unknown, vocabularySize: number): readonly (string | Int32Array)[] =>
  readArgument(embedded(vocabularySize), value, promptSite('texts'))
