// Draft trees whose nodes know their rows in the run table.
import type { DraftNode, DraftTree } from '../speculation/draft-tree.ts'
import type { RunRow } from './run.ts'

export type RowTree = DraftTree<RunRow>
export type RowNode = DraftNode<RunRow>
