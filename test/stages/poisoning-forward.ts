// What a stage worker computes with in a test: the real thing over KV cells that hold NaN until somebody writes them. A row
// that dies leaves NaN in the cell it would have written. Whoever reads such a cell gets NaN.
import type { LaneForward } from '../../engine/model/lane.ts'
import { stageCells } from '../../engine/model/memory/layout.ts'
import { createForward as createReal, type ForwardParts } from '../../engine/model/weights-forward.ts'
import { rowCell, rowCount } from '../../engine/wire/codec.ts'

export interface Poisoning {
  /** Also poisons what has been written, so that reading a cell of somebody else shows. */
  readonly all: boolean
}

export function createForward(parts: ForwardParts): LaneForward {
  const { lane, layout, memory } = parts
  const { all } = parts.settings as Poisoning
  const bytes = new Uint8Array(memory.buffer)
  const words = new Int32Array(memory.buffer)
  const { regions, count: cells } = stageCells(layout)
  const forward = createReal(parts)
  if (lane !== 0) return forward

  function poisonCell(cell: number): void {
    for (const { address, stride, heads } of regions) {
      for (let head = 0; head < heads; head++) {
        const at = address + (head * cells + cell) * stride
        // A NaN in every floating-point format there is.
        bytes.fill(0xff, at, at + stride)
      }
    }
  }
  for (let cell = 0; cell < cells; cell++) poisonCell(cell)
  return {
    rows: forward.rows,
    // Before the micro-batch is looked at, whether its rows are alive or not; the other lanes still wait.
    arrive(record) {
      for (let row = 0; row < rowCount(words, record); row++) poisonCell(rowCell(words, record, row))
      if (all) for (let cell = 0; cell < cells; cell++) poisonCell(cell)
    },
    run: (slot, resultSlot) => forward.run(slot, resultSlot),
  }
}
