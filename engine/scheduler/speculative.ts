// Which rows go out next where some sequences speculate, each by its own policy (speculation/policies/), beside others that
// decode plainly. What a token proves wrong has been withdrawn before this is asked.

import type { RunId } from '../domain.ts'
import { plain, stepRows } from './plain.ts'
import type { Planner, SchedulerView } from './planner.ts'
import type { RowNode, RowTree } from './row-tree.ts'
import { hasCell, type Sequence } from './sequence.ts'

export const speculative: Planner = (view) => {
  if (!view.drafting.isActive) return plain(view)
  if (!serveReady(view)) sendDrafts(view)
}

/** Sends the newest tokens of sequences that are ready, `sync` ones with their drafts. Returns whether there were any. */
export function serveReady(view: SchedulerView): boolean {
  const { limits, runTable, ready, decodingCount, drafting } = view
  if (ready.length === 0) return false
  const served = ready.filter((sequence) => hasCell(sequence) && !drafting.isCollecting(sequence))
  served.length = Math.min(
    served.length,
    view.stepRowsMax,
    stepRows(limits, served.length, runTable.leadingCount, decodingCount),
  )
  for (const sequence of served) {
    const row = runTable.addFinal(runTable.startRun(), sequence)
    ready.splice(ready.indexOf(sequence), 1)
    const tree = drafting.treeOf(sequence)
    if (tree) tree.root.row = row
  }
  for (const sequence of served) {
    const tree = drafting.treeOf(sequence)
    if (tree?.policy.goesAlong(limits.stages)) sendTree(view, sequence, tree)
  }
  return served.length > 0
}

/** Sends drafts behind rows in flight, where the policies of their sequences think it is time. */
function sendDrafts(view: SchedulerView): void {
  const { drafting, runTable, limits } = view
  // The last place in the pipeline is kept for a row that brings a sequence on.
  const hasRoom = runTable.flights.length + 1 < limits.inFlightMax
  for (const [sequence, tree] of drafting.trees()) {
    const { pendingCount, nMax } = tree
    if (sequence.phase !== 'waiting' || pendingCount === 0) continue
    const moment = { pendingCount, nMax, beforeFirstCount: runTable.beforeFirstCount, hasRoom }
    if (tree.policy.isTimeToSend(moment)) sendTree(view, sequence, tree)
  }
}

function sendTree(view: SchedulerView, sequence: Sequence, tree: RowTree): void {
  const { runTable } = view
  if (tree.pendingCount === 0 || tree.pendingCount < Math.min(tree.parameters.nMin, tree.nMax)) return
  tree.root.row ??= runTable.frontier(sequence)
  const run = runTable.startRun()
  let sent = 0
  for (const node of tree.pending()) {
    if (runTable.openGroupCount >= view.stepRowsMax) break
    if (sendNode(view, run, sequence, tree, node)) sent++
  }
  if (sent > 0) tree.sent++
}

/** Submits one draft; false where its parent could not be submitted, or it has no cell. */
function sendNode(
  { runTable, drafting }: SchedulerView,
  run: RunId,
  sequence: Sequence,
  tree: RowTree,
  node: RowNode,
): boolean {
  const parent = node.parent!.row
  if (!parent) return false
  const row = runTable.addGuess(run, sequence, parent, node.token)
  if (row) tree.submit(node, row)
  else drafting.drop(sequence, node)
  return row !== undefined
}
