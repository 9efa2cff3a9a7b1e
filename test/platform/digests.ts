// What the kernels compute with weights of every type, and a whole model with all its threads, to the bit: a digest each, to
// be compared with those recorded. Small, since continuous integration runs it in emulators of other platforms.
//
//   node dist/test/platform/digests.js [--record]
// Prints what differs from test/fixtures/platform-digests.json, and how many are equal.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isForged, quantizeRow } from '../../bench/forge/quantize.ts'
import { randomBlocks } from '../../bench/forge/random-blocks.ts'
import { COMPUTABLE_TYPES, type ComputableType } from '../../engine/gguf/ggml-types.ts'
import { behaviour } from '../engine/behaviour.ts'
import { EMBEDDED_MODEL } from '../engine/started-engine.ts'
import { randomFloats, seeded } from '../kernels-as/harness.ts'
import { product } from '../kernels-as/matrix.ts'
import { repositoryPath } from '../shared.ts'

export type Digests = Readonly<Record<string, string>>

const ROWS = 11
/** Two blocks of the longest types. */
const K = 512
const PROMPT = [1, 403, 407, 261, 378, 432, 383, 286]

const digestOf = (...parts: readonly (Uint8Array | string)[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex').slice(0, 16)
}

/** Rows of a matrix in a file, the same everywhere. */
function fileRows(type: ComputableType): Uint8Array {
  const random = seeded(17)
  if (!isForged(type)) return randomBlocks(type, ROWS * K, 0.06, () => Math.floor(random() * 2 ** 32))
  return Buffer.concat(Array.from({ length: ROWS }, () => quantizeRow(type, randomFloats(random, K, 0.1))))
}

/** Products of one and of five rows, in every usable build and both compilers. */
function digestOfType(type: ComputableType): string {
  const bytes = fileRows(type)
  const x = randomFloats(seeded(29), 5 * K)
  const products = [1, 5].map((count) => product({ type, rows: ROWS, k: K, bytes }, x, count))
  return digestOf(bytes, ...products.map(({ buffer }) => new Uint8Array(buffer as ArrayBuffer)))
}

/** Two stages of two lanes: greedy and sampled tokens, and logits along them. */
async function digestOfModel(): Promise<string> {
  const options = { stages: 2, lanes: 2, chunkRows: 3 }
  return digestOf(JSON.stringify(await behaviour(EMBEDDED_MODEL, PROMPT, 4, options, 'plain')))
}

/** By weight type, and of the embedded model. */
export async function platformDigests(): Promise<Digests> {
  const types = COMPUTABLE_TYPES.map((type): [string, string] => [type, digestOfType(type)])
  return Object.fromEntries([...types, ['a model in two stages of two lanes', await digestOfModel()]])
}

const RECORDED = repositoryPath('test/fixtures/platform-digests.json')
export const recordedDigests = (): Digests => JSON.parse(readFileSync(RECORDED, 'utf8'))

/** What differs, a line each. */
export function differences(found: Digests, recorded: Digests): string[] {
  const names = [...new Set([...Object.keys(recorded), ...Object.keys(found)])]
  return names
    .filter((name) => found[name] !== recorded[name])
    .map((name) => `${name}: recorded ${recorded[name]}, found ${found[name]}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const found = await platformDigests()
  if (process.argv[2] === '--record') writeFileSync(RECORDED, `${JSON.stringify(found, null, 2)}\n`)
  const lines = differences(found, recordedDigests())
  for (const line of lines) console.log(line)
  const same = Object.keys(found).length - lines.length
  console.log(
    `${process.platform} ${process.arch}, Node ${process.versions.node}: ${same} equal, ${lines.length} different`,
  )
  process.exitCode = lines.length > 0 ? 1 : 0
}
