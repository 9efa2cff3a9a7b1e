// A trace: who worked when, on what. Every thread writes records into a ring of its own (pipeline/trace-ring.ts); the
// caller makes the rings before the threads start and reads them when they have ended (trace-events.ts).
import type { ModelPlan } from '../model/memory/plan.ts'
import { createTraceRing } from '../wire/trace-records.ts'

/** Of every lane, by stage. */
export type LaneRings = readonly (readonly SharedArrayBuffer[])[]

export interface TraceRings {
  readonly conductor: SharedArrayBuffer
  readonly target: LaneRings
  /** Empty without a draft model. */
  readonly draft: LaneRings
}

/** Newest records that are kept: a lane writes one per micro-batch, the conductor some for each. */
const LANE_RECORDS = 1 << 14
const CONDUCTOR_RECORDS = 1 << 16

export function createTraceRings(target: ModelPlan, draft: ModelPlan | undefined): TraceRings {
  const rings = (plan: ModelPlan): LaneRings =>
    plan.stages.map(() => Array.from({ length: plan.sizes.lanes }, () => createTraceRing(LANE_RECORDS)))
  return {
    conductor: createTraceRing(CONDUCTOR_RECORDS),
    target: rings(target),
    draft: draft ? rings(draft) : [],
  }
}
