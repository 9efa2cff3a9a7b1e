// One stage computes one micro-batch. Every lane runs this same program over the same rows; the lanes split the work
// inside an operation (output groups of a product, KV heads of attention, rows of everything else) and meet at a
// barrier where one operation needs another lane's results. A barrier returns lane 0's view of the alive rows:
// nothing is computed for a micro-batch whose mask is empty, and rows that died are dropped at the next layer.
import { headKindOf, HEAD_NONE, ... } from '../pipeline/codec.ts'
