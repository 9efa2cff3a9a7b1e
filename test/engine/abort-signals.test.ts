import { getEventListeners } from 'node:events'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { abortedError, linkAbort, onAbort, unlessAborted } from '../../engine/abort-signals.ts'
import type { TsinferError } from '../../engine/errors.ts'

test('it aborts with the outer signal, for its reason, now or later', () => {
  const outer = new AbortController()
  const early = linkAbort(outer.signal)
  assert.not(early.signal.aborted)
  outer.abort('enough')
  for (const { signal } of [early, linkAbort(outer.signal)]) {
    assert.ok(signal.aborted)
    assert.is(signal.reason, 'enough')
  }
})

test('it aborts by itself, with an outer signal or without', () => {
  const outer = new AbortController()
  for (const { signal, abort, unlink } of [linkAbort(outer.signal), linkAbort(undefined)]) {
    abort()
    unlink()
    assert.ok(signal.aborted)
  }
  assert.not(outer.signal.aborted)
})

test('unlinked it leaves nothing behind in the outer signal', () => {
  const outer = new AbortController()
  const { signal, unlink } = linkAbort(outer.signal)
  assert.is(getEventListeners(outer.signal, 'abort').length, 1)
  unlink()
  assert.is(getEventListeners(outer.signal, 'abort').length, 0)
  outer.abort()
  assert.not(signal.aborted)
})

test('one signal: a thousand followers are one listener, called once each in their order, and let go of', () => {
  const outer = new AbortController()
  const listeners = () => getEventListeners(outer.signal, 'abort').length
  const called: number[] = []
  const forgets = Array.from({ length: 1000 }, (_, i) => onAbort(outer.signal, () => called.push(i)))
  assert.is(listeners(), 1)
  for (const forget of forgets.slice(0, 998)) forget()
  assert.is(listeners(), 1)
  outer.abort()
  outer.abort()
  assert.equal(called, [998, 999])
  const other = new AbortController()
  onAbort(other.signal, () => {})()
  assert.is(getEventListeners(other.signal, 'abort').length, 0)
})

test('an aborted promise rejects at once, one that settles first leaves nothing behind', async () => {
  const outer = new AbortController()
  assert.is(await unlessAborted('reading', outer.signal, Promise.resolve(3)), 3)
  assert.is(getEventListeners(outer.signal, 'abort').length, 0)
  const never = unlessAborted('reading', outer.signal, new Promise<TsinferError>(() => {}))
  outer.abort('enough')
  const error: TsinferError = await never.catch((reason) => reason)
  assert.equal([error.name, error.code, error.cause], ['AbortError', 'aborted', 'enough'])
  assert.is(error.message, abortedError('reading', outer.signal).message)
})

test.run()
