import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { resolveDraft } from '../../../engine/spec/parameters.ts'

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

test('what cannot be is refused with what was expected and found', () => {
  const refuses = (options: object, message: RegExp) =>
    assert.throws(
      () => resolveDraft('pipe', options),
      (error: { code: string; message: string }) => error.code === 'option_invalid' && message.test(error.message),
    )
  refuses({ nMax: 0 }, /nMax: expected an integer from 1 to 32, found 0/)
  refuses({ nMax: 33 }, /found 33/)
  refuses({ nMax: 1.5 }, /found 1.5/)
  refuses({ nMin: -1 }, /nMin: expected an integer from 0 to 32, found -1/)
  refuses({ nMin: 5 }, /nMin: expected at most nMax, which is 4, found 5/)
  for (const name of ['pMin', 'pSplit', 'pRecovery', 'pDecay']) {
    refuses({ [name]: 1.1 }, /expected a number from 0 to 1, found 1.1/)
    refuses({ [name]: Number.NaN }, /found NaN/)
    refuses({ [name]: '0.5' }, /found 0.5/)
  }
})

test.run()
