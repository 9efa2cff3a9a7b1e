import type { CellType } from '../../engine/model/memory/cells.ts'
import { floatToHalf, halfToFloat } from './half.ts'

/** What a cell of the type holds of a row: rounded to half floats, or to 8-bit codes times a scale per 32. */
export function heldByCell(type: CellType): (row: Float32Array) => Float32Array {
  if (type === 'f32') return (row) => row
  if (type === 'f16') return (row) => row.map((value) => halfToFloat(floatToHalf(value)))
  return (row) => {
    const held = new Float32Array(row.length)
    for (let from = 0; from < row.length; from += 32) held.set(roundToCodes(row.subarray(from, from + 32)), from)
    return held
  }
}

function roundToCodes(block: Float32Array): Float32Array {
  const scale = Math.fround(Math.max(...block.map(Math.abs)) / 127)
  const inverse = Math.fround(1 / scale)
  if (!Number.isFinite(inverse)) return new Float32Array(block.length)
  return block.map((value) => nearestEven(Math.fround(value * inverse)) * scale)
}

function nearestEven(x: number): number {
  const floor = Math.floor(x)
  const rest = x - floor
  if (rest === 0.5) return floor % 2 === 0 ? floor : floor + 1
  return rest < 0.5 ? floor : floor + 1
}
