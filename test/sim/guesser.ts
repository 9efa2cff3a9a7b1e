// A speculative policy without a drafter: it knows every request's text and guesses right or wrong at random, chains and
// trees, behind decode rows, other guesses and prompts still in flight. It shows that the run table, the judging and the
// cells carry speculation; how to guess well is no matter here.

import type { Random } from '../../bench/forge/random.ts'
import { plain } from '../../engine/scheduler/plain.ts'
import type { Planner, SchedulerView } from '../../engine/scheduler/planner.ts'
import type { Group } from '../../engine/scheduler/run.ts'
import type { Sequence } from '../../engine/scheduler/sequence.ts'
import { expectedChoice, VOCABULARY } from './model.ts'
import type { Scenario } from './scenario.ts'

interface Texts {
  /** The token of a choice at a position, -1 behind its end. */
  tokenAt(sequence: Sequence, position: number): number
}

/** A policy that guesses for the requests of the scenario. */
export function createGuesser(scenario: Scenario, random: Random): Planner {
  const texts = expectedTexts(scenario)
  const accuracy = random.pick([0, 0.5, 0.9, 1])
  const width = random.int(1, 3)
  return (view) => {
    plain(view)
    if (random.chance(0.1)) prune(view, random)
    let rowsLeft = Math.min(random.int(0, 8), view.runTable.openHeadsLeft)
    for (const { parent, sequence } of frontiers(view, random)) {
      let tip: Group | undefined = parent
      while (tip && rowsLeft > 0 && tip.position + tip.count < sequence.lengthMax - 1) {
        const [next, added] = addLevel(view, sequence, tip, Math.min(width, rowsLeft), texts, accuracy, random)
        rowsLeft -= added
        tip = next
      }
    }
  }
}

/** Withdraws a guess nobody has judged, with all that was built on it. */
function prune({ runTable }: SchedulerView, random: Random): void {
  const guesses = runTable.flights.flatMap(({ groups }) => groups).filter(({ state }) => state === 'assumed')
  if (guesses.length > 0) runTable.withdraw(random.pick(guesses), 'reject')
}

/** Adds up to `width` siblings behind `tip`; returns the one to go on from. */
function addLevel(
  { runTable }: SchedulerView,
  sequence: Sequence,
  tip: Group,
  width: number,
  texts: Texts,
  accuracy: number,
  random: Random,
): [Group | undefined, number] {
  const run = runTable.startRun()
  const right = texts.tokenAt(sequence, tip.position + tip.count)
  const taken = new Set<number>()
  for (let child = tip.firstChild; child; child = child.nextSibling) {
    if (child.owner === sequence) taken.add(child.token)
  }
  const added: Group[] = []
  for (let i = random.int(1, width); i > 0; i--) {
    const token = right >= 0 && random.chance(accuracy) ? right : random.int(0, VOCABULARY - 1)
    if (taken.has(token)) continue
    const row = runTable.addGuess(run, sequence, tip, token)
    if (!row) break
    taken.add(token)
    added.push(row)
  }
  return [added.length > 0 ? random.pick(added) : undefined, added.length]
}

/** Rows that something can be guessed behind, with the sequence to guess for, in random order. */
function frontiers({ runTable }: SchedulerView, random: Random): { parent: Group; sequence: Sequence }[] {
  const found: { parent: Group; sequence: Sequence }[] = []
  for (const { groups } of runTable.flights) {
    for (const row of groups) {
      const { head, owner } = row
      if ((row.state !== 'final' && row.state !== 'assumed') || head === 'none') continue
      if (owner.request.work.kind === 'score') continue
      for (const sequence of row.kind === 'prefill' ? row.readers : [owner]) {
        if (sequence.phase === 'waiting' && random.chance(0.5)) found.push({ parent: row, sequence })
      }
    }
  }
  return found
}

function expectedTexts({ requests, limits }: Scenario): Texts {
  const texts = new Map<string, readonly number[]>()
  for (const { id, work } of requests) {
    if (work.kind === 'score') continue
    for (let choice = 0; choice < work.choices; choice++) {
      texts.set(`${id}.${choice}`, expectedChoice(id, choice, work, limits.contextLength).tokens)
    }
  }
  return {
    tokenAt({ request, choice }, position) {
      return texts.get(`${request.id}.${choice}`)?.[position - request.prompt.length] ?? -1
    },
  }
}
