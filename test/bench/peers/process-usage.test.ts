import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { processUsage } from '../../../bench/peers/process-usage.ts'

test('what a process has started counts', async () => {
  if (process.platform !== 'linux') return
  const before = processUsage()
  const work = "const a = Buffer.alloc(2e8, 1); while (process.cpuUsage().user < 2e5); process.stdout.write('x')"
  const child: ChildProcess = spawn(process.execPath, ['-e', `${work}; setInterval(() => a, 1000)`])
  try {
    await once(child.stdout!, 'data')
    const after = processUsage()
    assert.ok(after.peakBytes - before.peakBytes > 2e8, `${after.peakBytes - before.peakBytes} bytes`)
    assert.ok(after.cpuMs - before.cpuMs >= 200, `${after.cpuMs - before.cpuMs} ms`)
  } finally {
    child.kill('SIGKILL')
  }
})

test.run()
