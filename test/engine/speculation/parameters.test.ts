import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { resolveDraft } from '../../../engine/speculation/parameters.ts'

test('defaults', () => {
  assert.equal(resolveDraft('sync', {}), {
    policy: 'sync',
    nMax: 4,
    nMin: 0,
    pMin: 32768,
    pSplit: 19661,
    pRecovery: 0,
    pDecay: 0,
  })
})

test('auto drafts deeper and sees unlikelier guesses', () => {
  const { nMax, pMin, pSplit } = resolveDraft('auto', {})
  assert.equal([nMax, pMin, pSplit], [16, 6554, 19661])
})

test('at least as many drafts as at most are refused', () => {
  assert.throws(
    () => resolveDraft('pipe', { nMin: 5 }),
    (error: { code: string; message: string }) =>
      error.code === 'option_invalid' && error.message === 'draft.nMin: expected at most nMax, which is 4, found 5',
  )
})

test.run()
