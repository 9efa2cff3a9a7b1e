// Model files that benches name instead of shipping: forged once into a cache folder, found there afterwards.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Invocation } from '../cli/shell/command.ts'
import { EMBEDDED_MODEL } from '../cli/shell/load.ts'
import { LOAD_OPTIONS, modelPath } from '../cli/shell/options.ts'
import { note } from '../cli/shell/output.ts'
import { COMPUTABLE_TYPES } from '../engine/gguf/ggml-types.ts'
import { TsinferError } from '../engine/index.ts'
import { SHAPES } from './forge/shapes.ts'
import { text } from './harness.ts'

export const CACHE_OPTION = text(['--cache'], 'DIR', 'folder for forged models (the temporary folder)')

/** Of benches of one model. */
export const MODEL_OPTIONS = { cache: CACHE_OPTION, ...LOAD_OPTIONS } as const

const FORGE = fileURLToPath(new URL('./forge/forge.js', import.meta.url))
/** The smaller model that drafts for the embedded one. */
export const EMBEDDED_DRAFT = fileURLToPath(new URL('../../cli/models/stories75K-draft.gguf', import.meta.url))
const EMBEDDED_NAME = 'stories260K'
/** What llama.cpp calls a mixture: the matrices, the head, the down projections. */
const MIXTURES: Readonly<Record<string, readonly [string, string, string]>> = { Q4_K_M: ['Q4_K', 'Q6_K', 'Q6_K'] }

export const MODEL_NAMES = `a file, ${EMBEDDED_NAME}, or [wide-[draft-|wrong-]]SHAPE-TYPE[-HEAD[-DOWN]][-zeros]`

/**
 * The forge's arguments for a name such as `1b-Q4_0-Q6_K`, `1b-Q4_K_M`, `wide-160m-Q8_0` or `5g-Q8_0-zeros`; undefined
 * for anything else. `wide` models are the embedded one, widened; `draft` ones the smaller model that drafts for it, and
 * `wrong` ones the same with its words mixed up.
 */
export function forgeArguments(name: string): string[] | undefined {
  const parts = name.split('-')
  const isWide = parts[0] === 'wide' && parts.shift() !== undefined
  const isWrong = isWide && parts[0] === 'wrong' && parts.shift() !== undefined
  const isDraft = isWrong || (isWide && parts[0] === 'draft' && parts.shift() !== undefined)
  const isZeros = parts.at(-1) === 'zeros' && parts.pop() !== undefined
  const [shape = '', type = '', ...rest] = parts
  const types = MIXTURES[type] ?? [type]
  const [matrices, head, down, surplus] = [...types, ...rest]
  const isKnown = (word: string | undefined) =>
    word === undefined || (COMPUTABLE_TYPES as readonly string[]).includes(word)
  if (SHAPES[shape] === undefined || matrices === undefined || surplus !== undefined || (isWide && isZeros))
    return undefined
  if (![matrices, head, down].every(isKnown)) return undefined
  return [
    ...(isWide ? ['--widen', isDraft ? EMBEDDED_DRAFT : EMBEDDED_MODEL] : []),
    ...(isWrong ? ['--head-shift', '1'] : []),
    ...['--shape', shape, '--type', matrices],
    ...(head === undefined ? [] : ['--head', head]),
    ...(down === undefined ? [] : ['--down', down]),
    ...(isZeros ? ['--zeros'] : []),
  ]
}

/** Path of the model called `name`, forged into `cache` where it is not there yet. Throws `option_invalid`. */
export function modelFile(name: string, cache: string | undefined): string {
  if (name === EMBEDDED_NAME) return EMBEDDED_MODEL
  if (existsSync(name)) return name
  const words = forgeArguments(name)
  if (words === undefined) {
    const shapes = Object.keys(SHAPES).join(', ')
    throw new TsinferError('option_invalid', `model: expected ${MODEL_NAMES} (shapes ${shapes}), found ${name}`)
  }
  const folder = cache ?? join(tmpdir(), 'tsinfer-bench')
  const path = join(folder, `${name}.gguf`)
  if (existsSync(path)) return path
  mkdirSync(folder, { recursive: true })
  note(`forging ${path}\n`)
  const unfinished = `${path}.${process.pid}`
  // In a process of its own: what the forge needs is no part of the peak memory that benches report.
  execFileSync(process.execPath, [FORGE, ...words, '--output', unfinished], { stdio: ['ignore', 'ignore', 'inherit'] })
  renameSync(unfinished, path)
  return path
}

/** The model that a bench is asked for, or else the one called `usual`. */
export function benchModel({ values, positionals }: Invocation<typeof MODEL_OPTIONS>, usual: string) {
  const name = modelPath(values, positionals) ?? usual
  return { name, path: modelFile(name, values.cache) }
}
