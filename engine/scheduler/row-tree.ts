// Draft trees whose nodes know their rows in the run table.
import type { DraftNode, DraftTree } from '../speculation/draft-tree.ts'
import type { Group } from './run.ts'

export type RowTree = DraftTree<Group>
export type RowNode = DraftNode<Group>
