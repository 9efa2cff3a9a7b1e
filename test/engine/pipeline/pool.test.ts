// However a thread ends, it is one typed fault of those that were started with it; the host goes on.
import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { MessageChannel, type Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Residents, startResidents } from '../../../engine/pipeline/pool.ts'
import type { Failing } from './failing-resident.ts'

const workers = new Set<Worker>()
process.on('worker', (worker) => {
  workers.add(worker)
  worker.once('exit', () => workers.delete(worker))
})
const uncaught: unknown[] = []
process.on('uncaughtException', (error) => uncaught.push(error))
process.on('unhandledRejection', (error) => uncaught.push(error))

function start(...ways: readonly Failing['how'][]): Residents {
  const entry = new URL('./failing-resident.js', import.meta.url)
  return startResidents(
    ways.map((how, i) => {
      const { port2 } = new MessageChannel()
      const payload: Failing = { how, port: port2 }
      return { name: `resident ${i}`, entry, payload, transfer: [port2] }
    }),
  )
}

async function expectFault(how: Failing['how'], code: string, message: RegExp): Promise<void> {
  const residents = start('wait', how)
  const fault = await residents.died
  assert.equal([fault.code, message.test(fault.message)], [code, true], `${how}: ${fault.message}`)
  // The thread that is started in place of a dead one may die, too.
  await new Promise((resolve) => setTimeout(resolve, 100))
  await residents.close(0)
  assert.is(workers.size, 0, how)
  assert.equal(uncaught, [], how)
}

test('the error event: a thread that throws, exits or breaks when it has no task is a fault, never a crash', async () => {
  await expectFault('throw', 'thread_died', /^resident 1: broken$/)
  await expectFault('exit', 'thread_died', /^resident 1: worker exited with code: 3$/)
  await expectFault('throw without a task', 'thread_died', /^(resident 1: ended early|a thread: broken later)$/)
  await expectFault('reject without a task', 'thread_died', /^(resident 1: ended early|a thread: broken later)$/)
})

test("the error event: what breaks after the end is nobody's fault", async () => {
  const residents = start('throw without a task')
  const closed = residents.close(60)
  await closed
  await new Promise((resolve) => setTimeout(resolve, 100))
  assert.equal(uncaught, [])
  assert.is(workers.size, 0)
})

test('out of memory: a heap that is full is a fault of its own code, never a crash', async () => {
  setFlagsFromString('--max-old-space-size=20')
  try {
    await expectFault('heap', 'out_of_memory', /^resident 1: Worker terminated due to reaching memory limit/)
    await expectFault('heap without a task', 'thread_died', /^resident 1: ended early$/)
  } finally {
    setFlagsFromString('--max-old-space-size=4096')
  }
})

test('a thread that is closed while it starts has started first: Node ends with a thread that is ended in between', async () => {
  for (let round = 0; round < 5; round++) {
    const begun: Promise<unknown>[] = []
    const watch = (worker: Worker) =>
      begun.push(
        (async () => {
          for (;;) if ('begun' in ((await once(worker, 'message')) as [object])[0]) return true
        })(),
      )
    process.on('worker', watch)
    const residents = start('wait', 'wait')
    await residents.close(0)
    process.off('worker', watch)
    assert.equal(await Promise.all(begun), [true, true])
    assert.is(workers.size, 0)
  }
})

test.run()
