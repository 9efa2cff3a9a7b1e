// How a model runs best on this machine, as `tsinfer bench --tune` measured it: kept in a folder that the user names, one
// file per machine, versions and shape of model. The text does not depend on it.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { systemReason, TsinferError } from '../errors.ts'
import { unwritable } from '../files/target.ts'
import { writeWholeText } from '../files/whole-file.ts'
import type { GgufFile } from '../gguf/file.ts'
import { modelConfig } from '../model/config/config.ts'
import { type GivenOptions, readArgument, readOptions } from '../options/read-options.ts'
import { optionSite } from '../options/refusal.ts'
import { type LOAD, TUNING } from '../options/table.ts'
import type { Tuning } from '../public/loading.ts'
import { machineTopology } from './machine.ts'

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
  const key = tuningKey(file)
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
  const key = tuningKey(file)
  const path = tuningPath(folder, key)
  try {
    makeFolder(folder)
  } catch (error) {
    throw unwritable(path, error)
  }
  writeWholeText(path, `${JSON.stringify({ key, tuning }, null, 2)}\n`)
  return path
}

/** With those above it. Node's own way of that never returns where a file system knows no such name, as below /proc. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    const above = dirname(folder)
    if (code !== 'ENOENT' || existsSync(above)) throw error
    makeFolder(above)
    mkdirSync(folder)
  }
}

/** All that the best choice depends on. */
function tuningKey(file: GgufFile): object {
  const { architecture, layerCount, width, ffnWidth, heads, kvHeads, headDim, vocabularySize, experts } =
    modelConfig(file)
  const types: Record<string, number> = {}
  for (const { type } of file.tensors.values()) types[type] = (types[type] ?? 0) + 1
  const { usableCores, quotaCores } = machineTopology()
  return {
    cpu: cpus()[0]?.model ?? 'unknown processor',
    cores: usableCores,
    quotaCores: quotaCores ?? null,
    node: process.versions.node,
    tsinfer: packageVersion(),
    model: { architecture, layerCount, width, ffnWidth, heads, kvHeads, headDim, vocabularySize },
    experts: experts ? [experts.count, experts.used] : null,
    types,
  }
}

const tuningPath = (folder: string, key: object): string =>
  join(folder, `${createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 32)}.json`)

const packageVersion = (): string =>
  JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')).version as string
