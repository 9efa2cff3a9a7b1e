// A load that fails anywhere frees everything, and says why it failed.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Failure } from './failing-loads.ts'

/** No measure of speed: a process in which something is left open never ends. */
const NEVER_MS = 100_000

const child = spawnSync(process.execPath, [fileURLToPath(new URL('./failing-loads.js', import.meta.url))], {
  encoding: 'utf8',
  timeout: NEVER_MS,
  killSignal: 'SIGKILL',
})
const failures = child.stdout
  .split('\n')
  .filter(Boolean)
  .map((line): Failure => JSON.parse(line))

test('a failed load: the process ends by itself', () => {
  assert.is(child.stderr, '')
  assert.equal([child.status, child.signal], [0, null])
})

test('a failed load rejects with the fault that was injected, at every await', () => {
  for (const { name, error } of failures) assert.is(error.code, name.split(':')[0], `${name}: ${error.message}`)
  const kinds = new Set(failures.map(({ name }) => name.split(':')[0]))
  for (const kind of ['file_unreadable', 'option_invalid', 'tokenizer_invalid', 'file_changed', 'out_of_memory']) {
    assert.ok(kinds.has(kind), kind)
  }
  const count = (kind: string) => failures.filter(({ name }) => name.startsWith(kind)).length
  assert.ok(count('thread_died') >= 2 * 5, `${count('thread_died')} deaths`)
  assert.ok(count('aborted') >= 5, `${count('aborted')} aborts`)
  assert.is(count('callback'), 2)
})

test('a failed load leaves no thread, no file and nothing in the event loop', () => {
  for (const { name, threads, descriptors, resources } of failures) {
    assert.equal({ threads, descriptors, resources }, { threads: 0, descriptors: 0, resources: [] }, name)
  }
})

test.run()
