// One case from one seed: draw it, run it, check it.

import type { Random } from '../../bench/forge/random.ts'
import { createRandom } from '../../bench/forge/random.ts'
import type { DraftFigures } from '../../engine/scheduler/events.ts'
import type { Planner } from '../../engine/scheduler/planner.ts'
import { createTransitionCounts, type TransitionCounts } from '../../engine/scheduler/run.ts'
import { noDrafts } from '../../engine/scheduler/sequence.ts'
import { ModelledDrafter } from './modelled-drafter.ts'
import { type DrafterKind, drawScenario, type PolicyMix, type Scenario } from './scenario.ts'
import { addCounts, World } from './world.ts'

export interface CaseFigures {
  readonly transitions: TransitionCounts
  /** In the scheduler of the draft model. */
  readonly draftTransitions: TransitionCounts
  /** Rows computed although withdrawn, and rows not computed, summed over stages. */
  lateRows: number
  skippedRows: number
  tokens: number
  reused: number
  /** Micro-batches with prompts beside rows that decode, and with several prompts. */
  mixed: number
  shared: number
  /** Tokens that took time to draw. */
  deferred: number
  /** Tokens written back into cells. */
  written: number
  /** Transfers that others had waited for. */
  expired: number
  readonly drafts: DraftFigures
}

export function createFigures(): CaseFigures {
  return {
    transitions: createTransitionCounts(),
    draftTransitions: createTransitionCounts(),
    lateRows: 0,
    skippedRows: 0,
    tokens: 0,
    reused: 0,
    mixed: 0,
    shared: 0,
    deferred: 0,
    written: 0,
    expired: 0,
    drafts: noDrafts(),
  }
}

/** Runs the case of `seed`, adding to `figures`. Throws, naming the seed, when a law is broken or a text is wrong. */
export function runCase(
  seed: number,
  figures: CaseFigures,
  mix: PolicyMix,
  plannerFor?: (scenario: Scenario, random: Random) => Planner,
  drafter: DrafterKind = 'script',
): void {
  const random = createRandom(seed)
  try {
    const scenario = drawScenario(random, mix, drafter)
    const create = () => new World(scenario, random, plannerFor?.(scenario, random))
    const { deathAt } = scenario
    let world = create()
    if (deathAt !== undefined) {
      world.run(deathAt)
      note(world, figures)
      world = create()
    }
    world.run()
    world.checkEnd()
    note(world, figures)
  } catch (error) {
    throw new Error(`simulator seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}

function note(world: World, figures: CaseFigures): void {
  const { scheduler, cells, transcripts, drafts, reused, copier, drafter, deferrals } = world
  if (drafter instanceof ModelledDrafter) addCounts(figures.draftTransitions, drafter.transitions)
  for (const key of Object.keys(drafts) as (keyof DraftFigures)[]) figures.drafts[key] += drafts[key]
  addCounts(figures.transitions, scheduler.insides.runTable.counts)
  figures.reused += reused
  figures.written += copier.written
  figures.expired += copier.expired
  figures.deferred += deferrals.drawn
  figures.lateRows += cells.lateRows
  figures.mixed += world.mixed
  figures.shared += world.shared
  figures.skippedRows += cells.skippedRows
  for (const { tokens } of transcripts.values()) figures.tokens += tokens.reduce((sum, { length }) => sum + length, 0)
}
