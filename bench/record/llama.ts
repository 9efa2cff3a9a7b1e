// llama.cpp as recorders ask it: a folder for forged models, fixtures with its version, the best tokens behind a prompt.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TsinferError } from '../../engine/index.ts'
import { type Llama, type Sequence, startLibrary } from '../peers/library.ts'

const FIXTURES = fileURLToPath(new URL('../../../test/fixtures/', import.meta.url))

export interface Recorder {
  readonly llama: Llama
  /** For models, until all is recorded. */
  readonly folder: string
  /** Writes what was found as the fixture `name`, and returns its size. */
  save(name: string, found: object): number
}

/** Starts llama.cpp for a recording. */
export async function record(recording: (recorder: Recorder) => Promise<void>): Promise<void> {
  const { llama, version } = await startLibrary(1)
  const oracle = `llama.cpp ${llama.llamaCppRelease.release} through node-llama-cpp ${version}`
  const folder = mkdtempSync(join(tmpdir(), 'tsinfer-record-'))
  const save = (name: string, found: object): number => {
    const path = join(FIXTURES, `${name}.json`)
    mkdirSync(dirname(path), { recursive: true })
    const text = `${JSON.stringify({ oracle, ...found })}\n`
    writeFileSync(path, text)
    return text.length
  }
  try {
    await recording({ llama, folder, save })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What is asked for, or else all that is known. Throws `option_invalid`. */
export function recordedNames(wanted: readonly string[], known: readonly string[]): readonly string[] {
  const unknown = wanted.find((name) => !known.includes(name))
  if (unknown === undefined) return wanted.length > 0 ? wanted : known
  throw new TsinferError('option_invalid', `expected some of ${known.join(', ')}, found ${unknown}`)
}

/** The `top` best tokens behind `ids`, each followed by its probability. */
export async function bestTokens(sequence: Sequence, ids: readonly number[], top: number): Promise<number[]> {
  const input = ids.map((id, i) => (i < ids.length - 1 ? id : ([id, { generateNext: { logits: true } }] as const)))
  const logits = (await sequence.controlledEvaluate(input)).at(-1)?.next.logits
  if (logits === undefined) throw new Error('expected logits, found none')
  const best = [...logits].sort(([, a], [, b]) => b - a)
  if (best.some(([, logit]) => Number.isNaN(logit))) throw new Error('expected numbers, found NaN')
  const shares = best.map(([, logit]) => Math.exp(logit - best[0]![1]))
  const total = shares.reduce((sum, share) => sum + share, 0)
  return best.slice(0, top).flatMap(([id], i) => [id, Number((shares[i]! / total).toFixed(6))])
}
