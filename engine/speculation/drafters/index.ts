// Which drafter drafts for a model.
import type { Drafter, DrafterKind, DrafterParts } from './drafter.ts'
import * as list from './list.ts'

const DRAFTERS: readonly DrafterKind[] = Object.values<DrafterKind>(list).sort((a, b) => b.preference - a.preference)

export function createDrafter(parts: DrafterParts): Drafter {
  for (const { create } of DRAFTERS) {
    const drafter = create(parts)
    if (drafter) return drafter
  }
  throw new Error('no drafter')
}
