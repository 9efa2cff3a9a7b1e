// The text thread for real: a worker, a port, ids back; and what happens when it cannot start or dies.
import { once } from 'node:events'
import { MessageChannel, Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { TsinferError } from '../../engine/errors.ts'
import { createTokenizer, detokenize, TEXT_WORKER_ENTRY, TextClient } from '../../tokenizer/index.ts'
import { repositoryPath, sharedTest } from '../shared.ts'
import { vocabularyOfFile } from './fake-metadata.ts'

const MODEL = repositoryPath('cli/models/stories260K.gguf')
const PLAIN = { addBos: false, parseSpecial: false }

/** Runs the entry as the pool does: one call that returns at the end. */
const RUNNER = `
  const { workerData } = require('node:worker_threads')
  import(workerData.entry).then(({ default: run }) => run(workerData.payload)).then((fault) => {
    if (fault !== undefined) process.exitCode = 3
  })
`

function start(path: string, tokenizerPre?: string) {
  const { port1, port2 } = new MessageChannel()
  const payload = { path, port: port2, ...(tokenizerPre !== undefined && { tokenizerPre }) }
  const worker = new Worker(RUNNER, {
    eval: true,
    workerData: { entry: TEXT_WORKER_ENTRY.href, payload },
    transferList: [port2],
  })
  const notices: string[] = []
  const client = new TextClient(port1, (notice) => notices.push(notice))
  return { client, notices, worker, ended: once(worker, 'exit').then(([code]) => code as number) }
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    return (error as TsinferError).code
  }
  return 'no error'
}

test('encodes as without a thread, shares its tables, ends when told', async () => {
  const { client, ended } = start(MODEL)
  const facts = await client.ready
  const { encode } = createTokenizer(vocabularyOfFile(MODEL))
  const texts = ['Once upon a time', '', 'naïve 🚀', '\ud800', 'x'.repeat(1000)]
  const answers = await Promise.all(texts.map((text) => client.encode(text, PLAIN)))
  for (const [i, text] of texts.entries()) {
    assert.instance(answers[i], Int32Array)
    assert.equal([...answers[i]!], encode(text, PLAIN))
  }
  assert.is(detokenize(facts.table, answers[0]!), texts[0])
  assert.instance(facts.table.pieces.bytes.buffer, SharedArrayBuffer)
  assert.equal(facts.ids.bos, 1)
  assert.equal(facts.endOfGeneration, [2])
  client.close()
  assert.is(await ended, 0)
  assert.is(await codeOf(client.encode('late', PLAIN)), 'closed')
})

test('notices: a doubled BOS is said once, and kept', async () => {
  const { client, notices, ended } = start(MODEL)
  await client.encode('Once', { addBos: true, parseSpecial: true })
  await client.encode('<s>Once', { addBos: false, parseSpecial: true })
  assert.equal(notices, [])
  const doubled = await client.encode('<s>Once', { addBos: true, parseSpecial: true })
  await client.encode('<s>Twice', { addBos: true, parseSpecial: true })
  assert.equal([...doubled.slice(0, 2)], [1, 1])
  assert.is(notices.length, 1)
  assert.match(notices[0]!, /two BOS tokens/)
  client.close()
  assert.is(await ended, 0)
})

test('a file that is no model, no tokenizer, or names an unknown pre-tokenizer', async () => {
  for (const path of ['/nowhere/model.gguf', repositoryPath('package.json')]) {
    const { client, ended } = start(path)
    assert.match(await codeOf(client.ready), /^(file_unreadable|gguf_invalid)$/)
    assert.match(await codeOf(client.encode('x', PLAIN)), /^(file_unreadable|gguf_invalid)$/)
    assert.is(await ended, 3)
  }
})

sharedTest(test, 'the pre-tokenizer can be overridden', 'vectors/vocab/ggml-vocab-gpt-2.gguf', async (path) => {
  const bad = start(path, 'mystery')
  assert.is(await codeOf(bad.client.ready), 'tokenizer_unsupported')
  assert.is(await bad.ended, 3)
  const good = start(path, 'qwen2')
  const ids = await good.client.encode('12', PLAIN)
  assert.equal([...ids], [16, 17])
  good.client.close()
  assert.is(await good.ended, 0)
})

test('what waits is rejected when the worker dies', async () => {
  const { client, worker } = start(MODEL)
  await client.ready
  const waiting = codeOf(client.encode('a'.repeat(3_000_000), PLAIN))
  await worker.terminate()
  assert.is(await waiting, 'thread_died')
  assert.is(await codeOf(client.encode('x', PLAIN)), 'thread_died')
})

test('the worker ends when the other end of the port goes away', async () => {
  const { port1, port2 } = new MessageChannel()
  const worker = new Worker(RUNNER, {
    eval: true,
    workerData: { entry: TEXT_WORKER_ENTRY.href, payload: { path: MODEL, port: port2 } },
    transferList: [port2],
  })
  await once(port1, 'message')
  port1.close()
  assert.equal(await once(worker, 'exit'), [0])
})

test('the caller keeps breathing while a long text is encoded', async () => {
  const { client, ended } = start(MODEL)
  await client.ready
  const gaps: number[] = []
  let last = performance.now()
  const timer = setInterval(() => {
    gaps.push(performance.now() - last)
    last = performance.now()
  }, 1)
  await client.encode('Once upon a time. '.repeat(17_000), PLAIN)
  clearInterval(timer)
  client.close()
  await ended
  gaps.sort((a, b) => a - b)
  const usual = gaps[Math.floor(gaps.length * 0.95)]!
  assert.ok(usual < 50, `${usual} ms`)
})

test.run()
