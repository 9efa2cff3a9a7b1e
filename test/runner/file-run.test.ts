// Test files that hang, run in circles, crash or leave processes behind.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { skipTest } from '../shared.ts'
import { isRunning } from './family.ts'
import { runFile } from './file-run.ts'

const folder = mkdtempSync(join(tmpdir(), 'tsinfer-runner-'))
test.after(() => rmSync(folder, { recursive: true }))

const LIMITS = { quietSecondsMax: 2, busySecondsMax: 30 }
const SUMMARY = `console.log('\\n  Total:     2\\n  Passed:    2\\n  Skipped:   0\\n')`
const PARKED = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'

const run = (name: string, code: string, limits = LIMITS) => {
  const path = join(folder, `${name}.mjs`)
  writeFileSync(path, code)
  return runFile(path, limits)
}

const isLinux = process.platform === 'linux'

/** What needs to know the processes that a file has started. */
const linuxTest = (name: string, body: () => Promise<void>) =>
  isLinux ? test(name, body) : skipTest(test, name, 'needs Linux')

test('runner: a file that ends well', async () => {
  const { counts, report } = await run('good', SUMMARY)
  assert.equal(counts, { passed: 2, failed: 0, skipped: 0 })
  assert.is(report, '')
})

test('runner: a file that crashes, or ends without a word', async () => {
  const crashed = await run('crash', 'throw new Error("oh")')
  assert.is(crashed.counts.failed, 1)
  assert.match(crashed.report, /oh[\s\S]*exit code 1$/)
  const silent = await run('silent', '')
  assert.is(silent.counts.failed, 1)
  assert.match(silent.report, /printed no summary$/)
})

linuxTest('runner: a file that waits for ever is ended, one that is slow is not', async () => {
  const parked = await run('parked', `console.log('begun'); ${PARKED}`)
  assert.is(parked.counts.failed, 1)
  assert.match(parked.report, /^begun\n\nstopped: no progress for 2 s$/)
  const polling = await run('polling', 'setInterval(() => {}, 20)')
  assert.match(polling.report, /stopped: no progress for 2 s$/)
  const busy = `const end = Date.now() + 5000; while (Date.now() < end); ${SUMMARY}`
  assert.is((await run('slow', busy)).report, '')
  const chatty = `let n = 0; const t = setInterval(() => { process.stdout.write('.'); if (++n > 10) { clearInterval(t); ${SUMMARY} } }, 500)`
  assert.is((await run('chatty', chatty)).report, '')
})

linuxTest('runner: a file that runs in circles is ended', async () => {
  const { counts, report } = await run('circles', 'for (;;);', { ...LIMITS, busySecondsMax: 2 })
  assert.is(counts.failed, 1)
  assert.match(report, /stopped: one test took more than 2 s of processor time$/)
})

const startChild = (options: string) =>
  `const child = (await import('node:child_process')).spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], ${options}); child.unref(); console.log('pid', child.pid)`

linuxTest('runner: what a file leaves behind fails it and is ended, wherever it went', async () => {
  for (const options of ["{ stdio: 'ignore' }", "{ stdio: 'ignore', detached: true }", "{ stdio: 'inherit' }"]) {
    const { counts, report } = await run('leaving', `${startChild(options)}; ${SUMMARY}; process.exit(0)`)
    assert.is(counts.failed, 1, options)
    assert.match(report, /left behind: \d+ .*setInterval/)
    const pid = Number(/pid (\d+)/.exec(report)![1])
    assert.not(isRunning(pid))
  }
})

linuxTest('runner: the children of a file that is ended go with it', async () => {
  const { report } = await run('family', `${startChild("{ stdio: 'ignore', detached: true }")}; ${PARKED}`)
  assert.match(report, /stopped: no progress/)
  const pid = Number(/pid (\d+)/.exec(report)![1])
  // It was ended; the system may take a moment to say so. If it never is, the watchdog of this very file ends the wait.
  while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 10))
})

test.run()
