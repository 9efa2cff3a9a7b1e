// Requests that are stopped, threads that die, engines that are opened and closed many times.
import { statSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import type { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { forge } from '../../bench/forge/forge.ts'
import { TsinferError } from '../../engine/errors.ts'
import type { Dawdling } from '../stages/dawdling-forward.ts'
import { temporaryPath } from './gguf/temporary.ts'
import { EMBEDDED_MODEL, generate, type StartedEngine, startEngine } from './started-engine.ts'

const PROMPT = [1, 403, 407, 261, 378]
const LONG_PROMPT = Array.from({ length: 2000 }, (_, i) => (i === 0 ? 1 : 260 + (i % 200)))

/** Threads of this process that have not ended. */
const workers = new Set<Worker>()
process.on('worker', (worker) => {
  workers.add(worker)
  worker.once('exit', () => workers.delete(worker))
})

const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise
    return 'resolved'
  } catch (error) {
    return error instanceof TsinferError ? error.code : String(error)
  }
}

async function expectUsable(started: StartedEngine, fresh: readonly number[]): Promise<void> {
  const [tokens] = await generate(started, PROMPT, { tokensMax: 20 })
  assert.equal(tokens, fresh)
}

for (const stages of [1, 3]) {
  test(`abort in prefill and while decoding leaves the model usable: ${stages} stages`, async () => {
    await using started = await startEngine(EMBEDDED_MODEL, { stages, chunkRows: 16 })
    const [fresh] = await generate(started, PROMPT, { tokensMax: 20 })
    for (const delayMs of [0, 1, 2, 3, 5, 8, 13]) {
      const controller = new AbortController()
      const stopped = generate(started, LONG_PROMPT, { tokensMax: 40, signal: controller.signal })
      setTimeout(() => controller.abort(), delayMs)
      assert.ok(['aborted', 'resolved'].includes(await codeOf(stopped)))
      await expectUsable(started, fresh!)
    }
    const controller = new AbortController()
    let seen = 0
    const request = generate(started, PROMPT, { tokensMax: 1500, signal: controller.signal })
    const timer = setInterval(() => seen++ > 1 && controller.abort(), 5)
    assert.is(await codeOf(request), 'aborted')
    clearInterval(timer)
    await expectUsable(started, fresh!)
  })
}

test('an already aborted signal never starts the request', async () => {
  await using started = await startEngine(EMBEDDED_MODEL)
  assert.is(await codeOf(generate(started, PROMPT, { tokensMax: 5, signal: AbortSignal.abort() })), 'aborted')
})

test('leaving the stream early frees its cells', async () => {
  await using started = await startEngine(EMBEDDED_MODEL, { context: 64 })
  for (let i = 0; i < 20; i++) {
    const request = { kind: 'score', prompt: Int32Array.from(PROMPT), from: 0, top: 1 } as const
    for await (const event of started.engine.request(request)) if (event.kind === 'score') break
  }
  const [tokens] = await generate(started, PROMPT, { tokensMax: 59 })
  assert.is(tokens!.length, 59)
})

test('the context ends a text, and a prompt that does not fit is refused with both numbers', async () => {
  await using started = await startEngine(EMBEDDED_MODEL, { context: 32 })
  const [tokens] = await generate(started, PROMPT, { tokensMax: 1000 })
  assert.is(tokens!.length, 32 - PROMPT.length)
  const error = await generate(started, LONG_PROMPT, { tokensMax: 1 }).catch((reason) => reason)
  assert.is(error.code, 'prompt_too_long')
  assert.match(error.message, /\b32\b.*\b2000\b/)
})

for (const lanes of [1, 2]) {
  test(`any thread that is killed rejects what runs, and the model can be loaded again: ${lanes} lanes`, async () => {
    const threads = 2 * lanes + 1
    for (let victim = 0; victim < threads; victim++) {
      workers.clear()
      const started = await startEngine(EMBEDDED_MODEL, { stages: 2, lanes })
      const victims = [...workers]
      assert.is(victims.length, threads)
      const running = codeOf(generate(started, LONG_PROMPT.slice(0, 1000), { tokensMax: 1000 }))
      await new Promise((resolve) => setTimeout(resolve, 5 + 7 * victim))
      void victims[victim]!.terminate()
      assert.is(await running, 'thread_died')
      assert.is(await codeOf(generate(started, PROMPT, { tokensMax: 1 })), 'thread_died')
      await started.engine.close()
    }
    await using again = await startEngine(EMBEDDED_MODEL, { stages: 2, lanes })
    assert.is((await generate(again, PROMPT, { tokensMax: 5 }))[0]!.length, 5)
  })
}

for (const dawdler of [0, 1]) {
  for (const victim of [0, 1]) {
    const where = victim === dawdler ? 'between two barriers' : 'in the middle of a barrier'
    test(`lane ${victim} is killed ${where}`, async () => {
      workers.clear()
      const settings: Dawdling = { dawdler, words: new Int32Array(new SharedArrayBuffer(12)) }
      const forward = { href: new URL('../stages/dawdling-forward.js', import.meta.url).href, settings }
      const started = await startEngine(EMBEDDED_MODEL, { stages: 1, lanes: 2 }, 'auto', forward)
      const running = codeOf(generate(started, PROMPT, { tokensMax: 1000 }))
      let ended = ''
      void running.then((code) => {
        ended = code
      })
      while (ended === '' && Atomics.load(settings.words, 0) === 0)
        await new Promise((resolve) => setTimeout(resolve, 1))
      assert.is(ended, '')
      // By now the other lane has long arrived and parked.
      await new Promise((resolve) => setTimeout(resolve, 50))
      void [...workers].find(({ threadId }) => threadId === settings.words[1 + victim])!.terminate()
      assert.is(await running, 'thread_died')
      await started.engine.close()
      assert.is(workers.size, 0)
    })
  }
}

test('a thread that fails in the middle of its work ends the engine with its name', async () => {
  await using started = await startEngine(EMBEDDED_MODEL, { stages: 1, lanes: 2 })
  const running = codeOf(generate(started, PROMPT, { tokensMax: 1500 }))
  await new Promise((resolve) => setTimeout(resolve, 20))
  // Only the public entry checks ids: the row of this one lies far outside the stage's memory.
  const error = await generate(started, [1, 2 ** 23], { tokensMax: 1 }).catch((reason) => reason)
  assert.is(error.code, 'thread_died')
  assert.match(error.message, /^stage 0 lane [01]: RuntimeError: /)
  assert.is(await running, 'thread_died')
})

test('memory that the system does not give is an error that names the size', async () => {
  setFlagsFromString('--wasm-max-mem-pages=16')
  try {
    const error = await startEngine(EMBEDDED_MODEL).catch((reason) => reason)
    assert.is(error.code, 'out_of_memory')
    assert.match(error.message, /^cannot allocate \d+ bytes for a stage$/)
  } finally {
    setFlagsFromString('--wasm-max-mem-pages=65536')
  }
  await using again = await startEngine(EMBEDDED_MODEL)
  assert.is((await generate(again, PROMPT, { tokensMax: 5 }))[0]!.length, 5)
})

test('load and close leave no thread and no memory behind', async () => {
  const model = temporaryPath('zeros.gguf')
  forge([...['--shape', '160m', '--layers', '4', '--words', '8000', '--type', 'F16'], '--zeros', '-o', model])
  const modelMb = statSync(model).size / 1e6
  const residentMb = () => process.memoryUsage.rss() / 1e6
  const closedMb: number[] = []
  for (let cycle = 0; cycle < 6; cycle++) {
    const started = await startEngine(model, { stages: 2, context: 256 })
    await generate(started, PROMPT, { tokensMax: 3 })
    const loadedMb = residentMb()
    await started.engine.close()
    closedMb.push(residentMb())
    assert.ok(closedMb[cycle]! < loadedMb - 0.8 * modelMb, `RSS ${loadedMb} MB loaded, ${closedMb[cycle]} MB closed`)
  }
  assert.is(workers.size, 0)
  assert.ok(closedMb.at(-1)! < closedMb[1]! + 0.5 * modelMb, `RSS after each cycle: ${closedMb.join(', ')} MB`)
})

test('close rejects what runs and what comes later', async () => {
  const started = await startEngine(EMBEDDED_MODEL)
  const running = codeOf(generate(started, PROMPT, { tokensMax: 1500 }))
  await started.engine.close()
  assert.is(await running, 'closed')
  assert.is(await codeOf(generate(started, PROMPT, { tokensMax: 1 })), 'closed')
  await started.engine.close()
})

test.run()
