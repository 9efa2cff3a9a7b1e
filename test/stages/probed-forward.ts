// A forward that computes nothing: it tells when a lane has begun, and goes on until the test opens the gate or the rows
// have died, meeting the other lanes all the while.
import { type LaneForward, Withdrawn } from '../../engine/model/lane.ts'
import type { CreateForward } from '../../engine/model/weights-forward.ts'
import { beginReturn, microBatchNumber, returnViews, writeReturnEntry } from '../../engine/wire/codec.ts'
import { type Probes, StageProbes } from '../engine/pipeline/probes.ts'

export const createForward: CreateForward = ({ layout, lane, sync, memory, settings }): LaneForward => {
  const probes = new StageProbes(settings as Probes, layout.range.first)
  const words = new Int32Array(memory.buffer)
  const views = returnViews(memory.buffer)
  const { results, input } = layout

  function pass(): void {
    for (;;) {
      if (lane === 0) probes.lookAtGate()
      sync.barrier()
      const isOpen = probes.wasOpen
      // Nobody looks again before all have seen this.
      sync.barrier()
      if (isOpen) return
    }
  }

  return {
    rows: { count: 1, alive: 1, copyTo: () => {} },
    run(slot, resultSlot) {
      probes.add('begun')
      try {
        pass()
      } catch (error) {
        if (error instanceof Withdrawn) probes.add('stopped')
        throw error
      }
      probes.add('completed')
      if (lane !== 0 || !results) return
      const base = results.address + resultSlot * results.stride
      beginReturn(views, base, microBatchNumber(words, (input.address + slot * input.stride) >>> 2), 1)
      writeReturnEntry(views, base, 0, 0, results.logits.address, 0, 1, 0)
    },
  }
}
