// What the library tells of model files without running them, and what it keeps beside them.

import {
  freeMemoryBytes,
  GENERATE,
  inspectFile,
  LOAD,
  machineTopology,
  modelConfig,
  openGguf,
  optionSite,
  pairDifferences,
  readArgument,
  readOptions,
  readTuningOptions,
  resolveResponseFormat,
  TEMPLATE,
  TOKENIZER,
  TsinferError,
  writeTuning,
} from '../engine/index.ts'
import type {
  Inspection,
  LoadOptions,
  ResponseFormat,
  TextOptions,
  TextTokenizer,
  Tuning,
} from '../engine/public/index.ts'
import { stringCount } from '../tokenizer/byte-strings.ts'
import { metadataOf } from '../tokenizer/gguf-metadata.ts'
import { type ModelTemplate, readModelTemplate, type TemplateChoice } from '../tokenizer/model-template.ts'
import { detokenize } from '../tokenizer/stream-decoder.ts'
import { readListedIds, readPath, readText } from './arguments.ts'
import { readTokenizeOptions, TextThread } from './text-thread.ts'

/**
 * Keeps how the model in `path` runs best on this machine in `folder`, for the option `tuning` of `loadModel`. Returns the
 * file's path. Throws where the file is no model, and `file_unwritable` where the folder cannot be written.
 */
export const keepTuning = (folder: string | URL, path: string | URL, tuning: Tuning): string =>
  writeTuning(readPath(folder, 'folder'), openGguf(readPath(path)), readTuningOptions(tuning))

/** Opens only the vocabulary of a GGUF file. Rejects like `loadModel`, or where the file has no vocabulary. */
export async function openTokenizer(path: string | URL, options: TextOptions = {}): Promise<TextTokenizer> {
  const name = readPath(path)
  const given = readOptions(TOKENIZER, options)
  const file = openGguf(name)
  if (!file.metadata.has('tokenizer.ggml.model')) {
    throw new TsinferError('tokenizer_invalid', `${name}: expected a vocabulary (tokenizer.ggml.model), found none`)
  }
  const thread = new TextThread(file, given)
  const close = () => thread.close()
  try {
    const { table } = await thread.ready
    return {
      async encode(text, encode) {
        const { signal, ...how } = readTokenizeOptions(encode)
        return Array.from(await thread.encode(readText(text), how, signal))
      },
      detokenize: async (ids) => detokenize(table, readListedIds(ids, stringCount(table.pieces))),
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * The chat template of a GGUF file, by `name` one of several. Reads nothing but the header; the file need not be a model
 * that runs here. Rejects for anything but a sound GGUF file, and with `template_invalid` where it has no such name.
 */
export async function readChatTemplate(
  path: string | URL,
  options: Partial<TemplateChoice> = {},
): Promise<ModelTemplate> {
  const { hasTools = TEMPLATE.hasTools.default, ...rest } = readOptions(TEMPLATE, options)
  return readModelTemplate(metadataOf(openGguf(readPath(path))), { hasTools, ...rest })
}

/** Throws what a request with this format would be refused for, without a model: what is wrong with its schema or grammar. */
export function checkResponseFormat(format: ResponseFormat): void {
  resolveResponseFormat(readArgument(GENERATE.responseFormat.kind, format, optionSite('responseFormat')))
}

/** Reads the headers of a GGUF file and plans it for this machine. Rejects for anything but a sound GGUF file. */
export async function inspectModel(path: string | URL, options: LoadOptions = {}): Promise<Inspection> {
  const file = readPath(path)
  const given = readOptions(LOAD, options)
  const surroundings = {
    cores: machineTopology().usableCores,
    nodeMajor: Number.parseInt(process.versions.node, 10),
    processBytes: process.memoryUsage.rss(),
  }
  return inspectFile(file, openGguf(file), { ...given, freeBytes: freeMemoryBytes() }, surroundings)
}

/**
 * What keeps the model in `draft` from drafting for the one in `path`: the first five differences, none for a fitting
 * pair. Rejects for files that are no models.
 */
export async function inspectPair(path: string | URL, draft: string | URL): Promise<string[]> {
  const read = (name: string) => {
    const file = openGguf(name)
    return { file, config: modelConfig(file) }
  }
  const [target, drafter] = [readPath(path), readPath(draft, 'draft')]
  return pairDifferences(read(target), read(drafter))
}
