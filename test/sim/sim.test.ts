import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TransitionCounts } from '../../engine/scheduler/run.ts'
import { type CaseFigures, createFigures, runCase } from './case.ts'
import { createGuesser } from './guesser.ts'
import type { PolicyMix } from './scenario.ts'
import { firedTransitions, transitionsOf, type WorkKind } from './transitions.ts'

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 })

/** Transitions that kinds of work can reach and that never fired. */
const unfired = (counts: TransitionCounts, ...kinds: WorkKind[]): string[] => {
  const fired = new Set(firedTransitions(counts))
  return transitionsOf(kinds).filter((name) => !fired.has(name))
}

type HowDrafted = Parameters<typeof runCase> extends [unknown, unknown, unknown, ...infer Rest] ? Rest : never

function runMany(cases: number, figures: CaseFigures, mix: PolicyMix, ...how: HowDrafted): void {
  const property = fc.property(seeds, (seed) => runCase(seed, figures, mix, ...how))
  const { failed, errorInstance } = fc.check(property, { numRuns: cases, endOnFailure: true })
  // The case's own error names its seed.
  if (failed) throw errorInstance
}

test('plain: every request writes its solo text, whatever happens around it', () => {
  const figures = createFigures()
  runMany(1500, figures, 'plain')
  assert.equal(unfired(figures.transitions, 'plain'), [], 'transitions that never fired')
  const foreign = firedTransitions(figures.transitions).filter((name) => !transitionsOf(['plain']).includes(name))
  assert.equal(foreign, [], 'transitions of other kinds of work')
  assert.ok(figures.lateRows > 0 && figures.skippedRows > 0, 'no row died in flight')
  assert.ok(figures.mixed > 0 && figures.shared > 0, 'no prompt shared a micro-batch')
  assert.ok(figures.reused > 0 && figures.written > 0, 'no session was gone on with, or none brought back')
  assert.ok(figures.deferred > 0, 'no token took time to draw')
  assert.ok(figures.expired > 0, 'no transfer was ended for the sake of others')
})

test('the machine carries chains and trees of guesses without changing a text', () => {
  const figures = createFigures()
  runMany(1000, figures, 'plain', createGuesser)
  assert.equal(unfired(figures.transitions, 'drafts'), [], 'transitions that never fired')
})

test('a choice that paused and one that waits for its beginning do not wait for each other', () => {
  runCase(13012, createFigures(), 'plain', createGuesser)
})

for (const mix of ['sync', 'pipe', 'auto', 'mixed'] as const) {
  test(`${mix}: the same texts whatever the drafter proposes`, () => {
    const figures = createFigures()
    runMany(1875, figures, mix)
    assert.equal(unfired(figures.transitions, 'drafts'), [], 'transitions that never fired')
    assert.ok(figures.reused > 0 && figures.written > 0, 'no session was gone on with, or none brought back')
    const { accepted, rejections, cancelled, wasted } = figures.drafts
    assert.ok(accepted > 0 && rejections > 0 && cancelled > 0 && wasted > 0, JSON.stringify(figures.drafts))
  })
}

test('mixed: target and draft model, each with its own scheduler and stages', () => {
  const figures = createFigures()
  runMany(2500, figures, 'mixed', undefined, 'model')
  assert.equal(unfired(figures.transitions, 'drafts'), [], 'transitions of the target that never fired')
  const { accepted, rejections, cancelled, wasted } = figures.drafts
  assert.ok(accepted > 0 && rejections > 0 && cancelled > 0 && wasted > 0, JSON.stringify(figures.drafts))
  // This drafter commits and prunes between questions only, and a text that ends has none: texts.test.ts fires all.
  const idle = ['assumed accept', 'assumed abort', 'arrived-assumed accept', 'arrived-assumed reject']
  const missing = unfired(figures.draftTransitions, 'texts').filter((name) => !idle.includes(name))
  assert.equal(missing, [], 'transitions of the draft model that never fired')
})

test.run()
