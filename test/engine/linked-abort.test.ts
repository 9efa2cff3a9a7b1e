import { getEventListeners } from 'node:events'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { linkAbort } from '../../engine/linked-abort.ts'

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

test.run()
