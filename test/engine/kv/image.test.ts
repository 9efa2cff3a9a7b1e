import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CellIndex } from '../../../engine/domain.ts'
import { ImagePass, imageTokenBytes, type StageCells } from '../../../engine/kv/image.ts'

const LAYERS = 5
/** KV heads of each layer. */
const KV_HEADS = [3, 1, 2, 3, 2]
const K_BYTES = 6
const V_BYTES = 10

/** Layers spread over stages whose memories have gaps. */
function stages(bounds: readonly number[], cells: number): { layouts: StageCells[]; memories: Uint8Array[] } {
  const spacing = (K_BYTES + V_BYTES) * Math.max(...KV_HEADS) * cells + 32
  const layouts = bounds.map((begin, stage) => {
    const layers = Array.from({ length: (bounds[stage + 1] ?? LAYERS) - begin }, (_, i) => {
      const kvHeads = KV_HEADS[begin + i]!
      const at = 64 + i * spacing
      const k = { address: at, stride: K_BYTES, heads: kvHeads }
      return [k, { address: at + K_BYTES * kvHeads * cells + 16, stride: V_BYTES, heads: kvHeads }]
    })
    return { regions: layers.flat(), count: cells }
  })
  return { layouts, memories: layouts.map(({ regions }) => new Uint8Array(64 + (regions.length / 2) * spacing)) }
}

/** What the byte of an image is, by what it belongs to. */
function expectedImage(length: number, byteOf: (...at: number[]) => number): number[] {
  const image: number[] = []
  for (let layer = 0; layer < LAYERS; layer++) {
    for (const [part, bytes] of [K_BYTES, V_BYTES].entries()) {
      for (let head = 0; head < KV_HEADS[layer]!; head++) {
        for (let position = 0; position < length; position++) {
          for (let byte = 0; byte < bytes; byte++) image.push(byteOf(layer, part, head, position, byte))
        }
      }
    }
  }
  return image
}

const byteOf = (...at: number[]) => at.reduce((hash, value) => (hash * 31 + value + 7) % 251, 0)

const place = fc.record({
  /** Stages begin at layer 0 and at these. */
  cuts: fc.uniqueArray(fc.integer({ min: 1, max: LAYERS - 1 }), { maxLength: 3 }),
  spare: fc.nat(20),
  /** Order of the cells; without a seed they follow each other. */
  seed: fc.option(fc.nat(1000)),
})

function cellsOf({ spare, seed }: { spare: number; seed: number | null }, length: number): CellIndex[] {
  const all = Array.from({ length: length + spare }, (_, cell) => cell as CellIndex)
  if (seed !== null) all.sort((a, b) => byteOf(seed, a) - byteOf(seed, b))
  return all.slice(-length)
}

test('what is read in one place is written in another, in pieces of any size', () => {
  fc.assert(
    fc.property(
      place,
      place,
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 999 }),
      (from, to, length, piece) => {
        const image = Uint8Array.from(expectedImage(length, byteOf))
        const pass = ({ cuts, spare, seed }: typeof from) => {
          const { layouts, memories } = stages([0, ...cuts.toSorted((a, b) => a - b)], length + spare)
          assert.is(imageTokenBytes(layouts) * length, image.length)
          const cells = cellsOf({ spare, seed }, length)
          return {
            memories,
            newPass: () =>
              new ImagePass(
                layouts,
                memories.map(({ buffer }) => buffer),
                cells,
              ),
          }
        }
        const [source, target] = [pass(from), pass(to)]
        source.newPass().write(image)
        const [reading, writing] = [source.newPass(), target.newPass()]
        for (let at = 0; at < image.length; at += piece) {
          const bytes = new Uint8Array(Math.min(piece, image.length - at))
          reading.read(bytes)
          writing.write(bytes)
        }
        const found = new Uint8Array(image.length)
        target.newPass().read(found)
        assert.equal(found, image)
        // Cells of others, and what lies between, are as they were.
        const touched = target.memories.reduce((sum, memory) => sum + memory.filter((byte) => byte !== 0).length, 0)
        assert.is(touched, image.filter((byte) => byte !== 0).length)
      },
    ),
    { numRuns: 60 },
  )
})

test('the order is layer, K before V, head, position', () => {
  const { layouts, memories } = stages([0, 2], 4)
  const cells = [2, 0] as CellIndex[]
  const pass = () =>
    new ImagePass(
      layouts,
      memories.map(({ buffer }) => buffer),
      cells,
    )
  pass().write(Uint8Array.from(expectedImage(2, byteOf)))
  const [kCells, vCells] = layouts[1]!.regions.slice(2)
  const [k, v] = [kCells!.address + (2 * 4 + 0) * K_BYTES + 5, vCells!.address + (1 * 4 + 2) * V_BYTES + 9]
  assert.is(memories[1]![k], byteOf(3, 0, 2, 1, 5))
  assert.is(memories[1]![v], byteOf(3, 1, 1, 0, 9))
  assert.throws(() => pass().read(new Uint8Array(5000)), /a pass goes beyond its image/)
})

test.run()
