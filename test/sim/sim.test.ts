import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { SPECULATIVE_TRANSITIONS, TRANSITIONS, type TransitionCounts } from '../../engine/scheduler/run.ts'
import { type CaseFigures, createFigures, runCase } from './case.ts'
import { createGuesser } from './guesser.ts'
import type { PolicyMix } from './scenario.ts'

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 })
const speculative = new Set(SPECULATIVE_TRANSITIONS.map(([state, event]) => `${state} ${event}`))

/** Names of the table's transitions that have, or have not, fired. */
function transitions(counts: TransitionCounts, fired: boolean): string[] {
  return Object.entries(TRANSITIONS).flatMap(([state, events]) =>
    Object.keys(events)
      .filter((event) => (counts[state as keyof TransitionCounts][event as never] !== undefined) === fired)
      .map((event) => `${state} ${event}`),
  )
}

function runMany(cases: number, figures: CaseFigures, mix: PolicyMix, policyFor?: Parameters<typeof runCase>[3]): void {
  const property = fc.property(seeds, (seed) => runCase(seed, figures, mix, policyFor))
  const { failed, errorInstance } = fc.check(property, { numRuns: cases, endOnFailure: true })
  // The case's own error names its seed.
  if (failed) throw errorInstance
}

test('plain: every request writes its solo text, whatever happens around it', () => {
  const figures = createFigures()
  runMany(1500, figures, 'plain')
  assert.equal(transitions(figures.transitions, false), [...speculative], 'transitions that never fired')
  assert.ok(figures.lateRows > 0 && figures.skippedRows > 0, 'no row died in flight')
  assert.ok(figures.reused > 0 && figures.written > 0, 'no session was gone on with, or none brought back')
})

test('the machine carries chains and trees of guesses without changing a text', () => {
  const figures = createFigures()
  runMany(1000, figures, 'plain', createGuesser)
  assert.equal(transitions(figures.transitions, false), [], 'transitions that never fired')
})

for (const mix of ['sync', 'pipe', 'auto', 'mixed'] as const) {
  test(`${mix}: the same texts whatever the drafter proposes`, () => {
    const figures = createFigures()
    runMany(1875, figures, mix)
    assert.equal(transitions(figures.transitions, false), [], 'transitions that never fired')
    assert.ok(figures.reused > 0 && figures.written > 0, 'no session was gone on with, or none brought back')
    const { accepted, rejections, cancelled, wasted } = figures.drafts
    assert.ok(accepted > 0 && rejections > 0 && cancelled > 0 && wasted > 0, JSON.stringify(figures.drafts))
  })
}

test.run()
