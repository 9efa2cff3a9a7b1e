// README's picture: what a trace says about tokens, and that the picture shows it.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { drawRuns } from '../../../bench/record/trace-picture/draw.ts'
import { tracedRun } from '../../../bench/record/trace-picture/traced-run.ts'
import * as ring from '../../../engine/wire/trace-records.ts'

/** A prompt, a right guess, and a wrong one with another behind it, which is stopped; then the token that is right. */
function guessed() {
  const [conductor, lane] = [ring.createTraceRing(32), ring.createTraceRing(32)]
  const [told, computed] = [new ring.Recorder(conductor), new ring.Recorder(lane)]
  const note = (recorder: ring.Recorder, kind: number, [fromMs, toMs]: readonly [number, number], fields: number[]) =>
    recorder.fields.set(fields, recorder.next(kind, 5000 + fromMs * 1000, 5000 + toMs * 1000))
  const submit = (number: number, ms: number, purpose: (typeof ring.PURPOSES)[number]) =>
    note(told, ring.SUBMIT, [ms, ms], [number, 0, ring.PURPOSES.indexOf(purpose), 1, number, number])
  const compute = (number: number, times: readonly [number, number], outcome: number) =>
    note(computed, ring.COMPUTE, times, [number, 1, outcome === ring.COMPLETE ? 1 : 0, outcome, 0])
  const verdict = (position: number, ms: number, outcome: (typeof ring.OUTCOMES)[number]) =>
    note(told, ring.VERDICT, [ms, ms], [1, 0, position, 7, ring.OUTCOMES.indexOf(outcome)])
  // A request before the one that is shown.
  submit(0, -20, 'prefill')
  compute(0, [-20, -10], ring.COMPLETE)
  verdict(1, -10, 'unguessed')
  submit(1, 0, 'prefill')
  note(told, ring.QUESTION, [0, 4], [0, 1, 0, 1, 1, 7])
  for (const number of [2, 3, 4]) submit(number, 4, 'verify')
  verdict(1, 11, 'accepted')
  verdict(2, 25, 'rejected')
  submit(5, 25, 'decode')
  verdict(3, 36, 'unguessed')
  compute(1, [0, 10], ring.COMPLETE)
  compute(2, [10, 20], ring.COMPLETE)
  compute(3, [20, 25], ring.STOPPED)
  compute(4, [25, 25], ring.DEAD_BEFORE)
  compute(5, [25, 35], ring.COMPLETE)
  return tracedRun({ conductor, target: [[lane]], draft: [] })
}

test('bars carry their tokens; a rejection takes the guesses behind it', () => {
  const { stages, drafter, emissions } = guessed()
  const certain = { isGuess: false, isInVain: false, isWithdrawn: false }
  assert.equal(stages, [
    [
      { ...certain, token: 0, fromMs: 0, toMs: 10 },
      { token: 1, isGuess: true, isInVain: false, fromMs: 10, toMs: 20, isWithdrawn: false },
      { token: 2, isGuess: true, isInVain: true, fromMs: 20, toMs: 25, isWithdrawn: true },
      { ...certain, token: 2, fromMs: 25, toMs: 35 },
    ],
  ])
  assert.equal(drafter, [{ token: 1, isGuess: true, isInVain: false, fromMs: 0, toMs: 4, isWithdrawn: false }])
  assert.equal(emissions, [
    { token: 1, atMs: 11, verdict: 'accepted' },
    { token: 2, atMs: 25, verdict: 'rejected' },
    { token: 3, atMs: 36, verdict: 'unguessed' },
  ])
})

test('the picture counts what came out in its time, and names what was withdrawn', () => {
  const run = guessed()
  const plain = { ...run, drafter: [], emissions: run.emissions.slice(2) }
  const picture = drawRuns({ plain, guessing: run, ms: 30, caption: ['a caption'] })
  assert.match(picture, />0 tokens in 0\.0 s<.*>2 tokens in 0\.0 s</s)
  for (const words of ['1?', '1 ✓', '2? withdrawn', 'wrong guess', 'a caption'])
    assert.ok(picture.includes(`>${words}<`))
  assert.not(picture.includes('>3<'))
})

test.run()
