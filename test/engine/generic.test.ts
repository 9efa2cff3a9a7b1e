// A model with weights of every type that has no products of its own, through the whole engine.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TensorItem } from '../../bench/forge/gguf-writer.ts'
import { writeGguf } from '../../bench/forge/output-file.ts'
import { llamaMetadata, llamaTensors } from '../../bench/forge/shapes.ts'
import { vocabularyMetadata } from '../../bench/forge/vocabulary.ts'
import { openGguf } from '../../engine/gguf/file.ts'
import { GENERIC_TYPES, type GenericType, ggmlType } from '../../engine/gguf/ggml-types.ts'
import { tsinfer } from '../cli/tsinfer.ts'
import { seeded } from '../kernels-as/harness.ts'
import { dequantize } from '../reference/dequantize.ts'
import { hasHalfScale, setBlockScale } from '../reference/dequantize-generic.ts'
import { runReference } from '../reference/model.ts'
import { generate, score, startEngine } from './started-engine.ts'

const SHAPE = { width: 256, ffnWidth: 512, layers: 3, heads: 4, kvHeads: 2, words: 512 }
const IDS = [1, 403, 407, 261, 378, 432, 383, 286, 261, 376]
const folder = mkdtempSync(join(tmpdir(), 'tsinfer-generic-'))
const MODEL = join(folder, 'generic.gguf')
test.after(() => rmSync(folder, { recursive: true, force: true }))

const random = seeded(31)

/** Random blocks whose elements are about 1 / 16 large, as the norm weights below expect. */
function blocks(type: GenericType, elements: number): Uint8Array {
  const { blockBytes, blockElements } = ggmlType(type)
  const bytes = Uint8Array.from({ length: (elements / blockElements) * blockBytes }, () => Math.floor(random() * 256))
  // Scales of a byte: about 1 / 64, as their codes reach 12.
  if (!hasHalfScale(type)) {
    for (let at = 0; at < bytes.length; at += blockBytes) bytes.fill(0x10, at, at + 4)
    return bytes
  }
  const setScale = (at: number, bits: number) => setBlockScale(type, new DataView(bytes.buffer, at), bits)
  setScale(0, 0x3c00)
  const sample = dequantize(type, bytes.subarray(0, blockBytes))
  const size = Math.sqrt(sample.reduce((sum, value) => sum + value * value, 0) / blockElements)
  const exponent = 15 - 4 - Math.round(Math.log2(size))
  for (let at = 0; at < bytes.length; at += blockBytes) setScale(at, exponent << 10)
  return bytes
}

function writeModel(path: string): void {
  const items = llamaTensors(SHAPE, { matrices: 'F32', head: 'F32', down: 'F32' })
  let matrices = 0
  const tensors = items.map((item): TensorItem & { pieces: () => Uint8Array[] } => {
    if (item.dims.length === 1) {
      const ones = new Float32Array(item.dims[0]!).fill(1)
      return { ...item, pieces: () => [new Uint8Array(ones.buffer)] }
    }
    const type = GENERIC_TYPES[matrices++ % GENERIC_TYPES.length]!
    const data = blocks(type, item.dims[0]! * item.dims[1]!)
    return { ...item, type, pieces: () => [data] }
  })
  const numbers = { contextLength: 128, normEps: 1e-5, ropeBase: 10000, name: 'generic' }
  writeGguf(path, [...llamaMetadata(SHAPE, numbers), ...vocabularyMetadata(SHAPE.words)], tensors)
}
writeModel(MODEL)

test('logits agree with float64 over the dequantized weights', async () => {
  await using started = await startEngine(MODEL, { kvTypeK: 'f32', kvTypeV: 'f32' })
  const rows = await score(started, IDS)
  const expected = runReference(openGguf(MODEL), IDS).logits
  for (const [position, { ids, logits }] of rows.entries()) {
    for (const [i, id] of ids.entries()) {
      const error = Math.abs(logits[i]! - expected[position]![id]!)
      assert.ok(error < 1e-3, `position ${position}, token ${id}: ${logits[i]} is off by ${error}`)
    }
  }
})

test('same bits for any lanes, stages, chunks and kernels', async () => {
  const seen: unknown[] = []
  for (const [lanes, stages, chunkRows, build] of [
    [1, 1, 64, 'plain'],
    [2, 1, 7, 'relaxed'],
    [3, 2, 1, 'plain'],
    [1, 3, 64, 'relaxed'],
  ] as const) {
    await using started = await startEngine(MODEL, { lanes, stages, chunkRows }, build)
    const rows = await score(started, IDS)
    seen.push([await generate(started, IDS, { tokensMax: 20 }), rows.map(({ logits }) => [...logits])])
  }
  for (const other of seen.slice(1)) assert.equal(other, seen[0])
})

test('the command line says so once; inspect and the figures name the types', async () => {
  const run = await tsinfer(['run', MODEL, '--ids', '1,403', '-n', '3', '--temp', '0', '--json'])
  assert.is(run.code, 0, run.stderr)
  assert.is(run.stderr.split('generically').length, 2, run.stderr)
  assert.match(JSON.parse(run.stdout).stats.plan, 'generic IQ2_XXS')
  const inspection = JSON.parse((await tsinfer(['inspect', MODEL, '--json'])).stdout)
  assert.equal([...inspection.plan.generic_types].sort(), [...GENERIC_TYPES].sort())
  for (const { type, generic } of inspection.tensor_types) assert.is(generic, type === 'F32' ? undefined : true, type)
  assert.match((await tsinfer(['inspect', MODEL])).stdout, /TQ1_0: .*, generic\n/)
})

test.run()
