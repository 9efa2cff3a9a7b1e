// One stage computes one micro-batch: its layers' blocks, one after the other. Every lane runs this same program over the
// same rows; the lanes split the work inside an operation (output groups of a product, KV heads of attention, rows of
// everything else) and meet at a barrier where one operation needs another lane's results. A barrier throws `Withdrawn`
// in every lane when no row is alive any more; rows that died alone are dropped behind it.
import { Activations } from './activations.ts'
import { layerBlocks } from './architectures/list.ts'
import type { Block, BlockProgram, BoundBlock, LaneStage } from './blocks/block.ts'
import { Head } from './blocks/head.ts'
import type { Lane } from './lane.ts'
import { type Matrix, matrixBinder } from './matrix.ts'
import { RowSet } from './row-set.ts'

export class StageForward {
  readonly #lane: Lane
  readonly #embedding: Matrix | undefined
  readonly #blocks: readonly BoundBlock[]
  readonly #head: Head | undefined
  readonly rows: RowSet

  constructor(lane: Lane) {
    const { embedding, output, outputNorm, results } = lane.layout
    const bind = matrixBinder(lane)
    this.#lane = lane
    this.rows = new RowSet(lane)
    const stage = { lane, rows: this.rows, activations: new Activations(lane), bind }
    this.#embedding = embedding && bind(embedding)
    this.#blocks = boundBlocks(stage)
    this.#head = output && outputNorm && results && new Head(stage, bind(output), outputNorm, results)
  }

  /** Computes the micro-batch in input slot `slot`; the last stage reports into result slot `resultSlot`. */
  run(slot: number, resultSlot: number): void {
    this.rows.open(slot)
    this.#begin()
    for (const block of this.#blocks) block.run()
    this.#head?.run(resultSlot)
  }

  /** Embeds the tokens (first stage) and computes each row's rotations. */
  #begin(): void {
    const { index, count, kernels, layout, config, ropeMagnitudes } = this.#lane
    const { rows } = this
    for (let row = index; row < rows.count; row += count) {
      if (this.#embedding) {
        const x = rows.x.address + row * rows.x.stride
        this.#embedding.embedRow(x, rows.token(row))
        if (config.embeddingScale !== 1) kernels.scale(x, config.width, config.embeddingScale)
      }
      for (let rope = 0; rope < layout.ropes.length; rope++) {
        const { frequencies, tables } = layout.ropes[rope]!
        const pairs = config.ropes[rope]!.dimensionCount / 2
        const table = tables.address + row * tables.stride
        kernels.rope_table(table, frequencies, pairs, rows.position(row), ropeMagnitudes[rope]!)
      }
    }
    rows.meet()
  }
}

/** The blocks of the stage's layers. Layers with the same block share what computes it. */
function boundBlocks(stage: LaneStage): BoundBlock[] {
  const { config, layout } = stage.lane
  const programs = new Map<Block, BlockProgram>()
  const programOf = (block: Block): BlockProgram => {
    const program = programs.get(block) ?? block.open(stage, layout.scratch[block.name])
    programs.set(block, program)
    return program
  }
  return layout.layers.flatMap((plans, index) => {
    const layer = layout.range.first + index
    return layerBlocks(config, layer).map((block, i) => programOf(block).bind(plans[i]!, config.layers[layer]!))
  })
}
