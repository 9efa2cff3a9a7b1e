// Speculation, per sequence by one of two policies, beside sequences that decode plainly.
//
// `sync`, the standard: when a sequence is ready, draft up to nMax tokens; send the row of its newest token and the
// drafts together; when all have returned, repeat. The pipeline waits while the drafter works, and the other way round.
//
// `pipe`, after PipeInfer (arXiv:2407.11798): a ready sequence's row goes out at once, in a micro-batch without drafts,
// so progress never waits for the drafter. Behind it, as long as no result has arrived, go micro-batches of up to nMax
// drafts: whenever the first stage has nothing to do, or as many as fit are there. A token that was guessed right needs
// no row of its own: the one in flight counts. What a token proves wrong has been withdrawn before a policy is asked.
import { ROWS_MAX } from '../limits.ts'
import type { RowNode, RowTree } from './drafting.ts'
import { groupSize, plain } from './plain.ts'
import type { Board, Policy } from './policy.ts'
import type { Sequence } from './sequence.ts'

export const speculative: Policy = (board) => {
  if (!board.drafting.isActive) return plain(board)
  if (!serveReady(board)) sendDrafts(board)
}

const rowsLeft = ({ inFlight, limits }: Board): number =>
  inFlight.openRowsLeft - ROWS_MAX + Math.min(limits.headRowsMax, ROWS_MAX)

/** Sends the newest tokens of sequences that are ready, `sync` ones with their drafts. Returns whether there were any. */
export function serveReady(board: Board): boolean {
  const { limits, inFlight, ready, decodingCount, drafting } = board
  if (ready.length === 0) return false
  const served = ready.filter((sequence) => !drafting.isCollecting(sequence))
  served.length = Math.min(served.length, groupSize(limits, served.length, inFlight.groupCount, decodingCount))
  for (const sequence of served) {
    const row = inFlight.addFinal(inFlight.startRun(), sequence)
    ready.splice(ready.indexOf(sequence), 1)
    const tree = drafting.treeOf(sequence)
    if (tree) tree.root.row = row
  }
  for (const sequence of served) {
    const tree = drafting.treeOf(sequence)
    // With a single stage no result would come earlier from a row alone than from one with the drafts there are.
    if (tree?.policy === 'sync' || (tree?.policy === 'pipe' && limits.stages === 1)) sendTree(board, sequence, tree)
  }
  return served.length > 0
}

/** Sends drafts behind rows in flight: what a full micro-batch left over of `sync`, and all of `pipe`. */
function sendDrafts(board: Board): void {
  const { drafting, inFlight, limits } = board
  // The last place in the pipeline is kept for a row that brings a sequence on.
  const hasRoom = inFlight.flights.length + 1 < limits.inFlightMax
  for (const [sequence, tree] of drafting.trees()) {
    if (sequence.phase !== 'waiting' || tree.pendingCount === 0 || tree.policy === 'off') continue
    if (tree.policy === 'sync' || (hasRoom && isTimeToSend(board, tree))) sendTree(board, sequence, tree)
  }
}

const isTimeToSend = ({ inFlight }: Board, { pendingCount, nMax }: RowTree): boolean =>
  inFlight.beforeFirstCount <= (pendingCount >= nMax ? 1 : 0)

function sendTree(board: Board, sequence: Sequence, tree: RowTree): void {
  const { inFlight } = board
  if (tree.pendingCount === 0 || tree.pendingCount < Math.min(tree.parameters.nMin, tree.nMax)) return
  tree.root.row ??= inFlight.frontier(sequence)
  const run = inFlight.startRun()
  let sent = 0
  for (const node of tree.pending()) {
    if (rowsLeft(board) <= 0) break
    if (sendNode(board, run, sequence, tree, node)) sent++
  }
  if (sent > 0) tree.sent++
}

/** Submits one draft; false where its parent could not be submitted, or it has no cell. */
function sendNode(
  { inFlight, drafting }: Board,
  run: Parameters<Board['inFlight']['addGuess']>[0],
  sequence: Sequence,
  tree: RowTree,
  node: RowNode,
): boolean {
  const parent = node.parent!.row
  if (!parent) return false
  const row = inFlight.addGuess(run, sequence, parent, node.token)
  if (row) tree.submit(node, row)
  else drafting.drop(sequence, node)
  return row !== undefined
}
