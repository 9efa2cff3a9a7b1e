// How a model runs best on this machine, as `tsinfer bench --tune` measured it: kept in a folder that the user names, one
// file per machine, versions and shape of model. The text does not depend on it.
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { systemReason, TsinferError } from '../errors.ts'
import { makeFolder } from '../files/folder.ts'
import { unwritable } from '../files/target.ts'
import { writeWholeText } from '../files/whole-file.ts'
import type { GgufFile } from '../gguf/file.ts'
import { type GivenOptions, readArgument, readOptions } from '../options/read-options.ts'
import { optionSite } from '../options/refusal.ts'
import { type LOAD, TUNING } from '../options/table.ts'
import type { Tuning } from '../public/loading.ts'
import { machineKey } from './machine-key.ts'

const FILE_BYTES_MAX = 65536

/** The options with what was tuned for them, if the user left the plan open. `onNotice` hears why a file is ignored. */
export function withTuning(file: GgufFile, options: GivenOptions<typeof LOAD>): GivenOptions<typeof LOAD> {
  const { tuning: folder, threads, stages, lanes, draftModel } = options
  const isFixed = [threads, stages, lanes, draftModel].some((value) => value !== undefined)
  if (folder === undefined || isFixed) return options
  return { ...readTuning(folder, file, options.onNotice), ...options }
}

/** Undefined where there is none, or none that can be used. */
function readTuning(
  folder: string,
  file: GgufFile,
  onNotice: ((notice: string) => void) | undefined,
): Tuning | undefined {
  const key = machineKey(file)
  const path = tuningPath(folder, key)
  try {
    const { size } = statSync(path)
    if (size > FILE_BYTES_MAX) throw new Error(`expected at most ${FILE_BYTES_MAX} bytes, found ${size}`)
    return checkedTuning(JSON.parse(readFileSync(path, 'utf8')), key)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT') {
      onNotice?.(
        `${path}: ignored: ${error instanceof TsinferError || code === undefined ? message : systemReason(error)}`,
      )
    }
    return undefined
  }
}

function checkedTuning(found: unknown, key: object): Tuning {
  const { key: foundKey, tuning } = (found ?? {}) as { key?: unknown; tuning?: unknown }
  if (JSON.stringify(foundKey) !== JSON.stringify(key)) throw new Error('expected the tuning of this model here')
  return readTuningOptions(tuning)
}

/** All three numbers of a tuning, which a file or a caller gives. Throws `option_invalid`. */
export function readTuningOptions(given: unknown): Tuning {
  const { lanes, chunkRows, barrierSpins } = readOptions(TUNING, given, 'tuning')
  return {
    lanes: readArgument(TUNING.lanes.kind, lanes, optionSite('lanes')),
    chunkRows: readArgument(TUNING.chunkRows.kind, chunkRows, optionSite('chunkRows')),
    barrierSpins: readArgument(TUNING.barrierSpins.kind, barrierSpins, optionSite('barrierSpins')),
  }
}

/**
 * Keeps a tuning for the model in `file` and returns the path of its file. Makes the folder.
 * @throws TsinferError `file_unwritable`
 */
export function writeTuning(folder: string, file: GgufFile, tuning: Tuning): string {
  const key = machineKey(file)
  const path = tuningPath(folder, key)
  try {
    makeFolder(folder)
  } catch (error) {
    throw unwritable(path, error)
  }
  writeWholeText(path, `${JSON.stringify({ key, tuning }, null, 2)}\n`)
  return path
}

const tuningPath = (folder: string, key: object): string =>
  join(folder, `${createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 32)}.json`)
