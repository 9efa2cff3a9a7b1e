// The text threads for real: texts in, ids back; short before long; and what happens to those who wait when a thread is
// stopped, replaced, killed or cannot start.
import { copyFileSync, mkdtempSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import type { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TextThread } from '../../api/text-thread.ts'
import type { TsinferError } from '../../engine/errors.ts'
import { openGguf } from '../../engine/gguf/file.ts'
import type { TextOptions } from '../../engine/public/loading.ts'
import type { ChatRequest } from '../../tokenizer/chat-prompt.ts'
import { createTokenizer, detokenize, type LocalTime } from '../../tokenizer/index.ts'
import { repositoryPath, sharedTest } from '../shared.ts'
import { vocabularyOfFile } from '../tokenizer/fake-metadata.ts'

const MODEL = repositoryPath('cli/models/stories260K.gguf')
const PLAIN = { addBos: false, parseSpecial: false }
/** Takes the tokenizer seconds. */
const HUGE = 'Once upon a time. '.repeat(500_000)
/** Goes to the thread of long texts, and is soon done there. */
const LONG = 'y'.repeat(150_000)

const folder = mkdtempSync(join(tmpdir(), 'tsinfer-text-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

/** Threads of this process that have not ended, the newest last. */
const workers = new Set<Worker>()
let startedWorkers = 0
process.on('worker', (worker) => {
  startedWorkers++
  workers.add(worker)
  worker.once('exit', () => workers.delete(worker))
})

const start = (path = MODEL, options: TextOptions = {}) => new TextThread(openGguf(path), options)

function outcome(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'done',
    (error: TsinferError) => error.code ?? String(error),
  )
}

function chat(content: unknown, template = '{% for m in messages %}{{ m.content }}{% endfor %}'): ChatRequest {
  const messages = [{ role: 'user', content }]
  const settings = { now: {} as LocalTime, toolsInPrompt: false, parseSpecial: false }
  return { messages, tools: undefined, template, variables: {}, ...settings }
}

async function withText(use: (text: TextThread) => Promise<void>, path = MODEL): Promise<void> {
  const text = start(path)
  try {
    await text.ready
    await use(text)
  } finally {
    await text.close()
    assert.is(workers.size, 0)
  }
}

test('encodes as without a thread, shares its tables, ends when told', async () => {
  const text = start()
  const facts = await text.ready
  const { encode } = createTokenizer(vocabularyOfFile(MODEL))
  const texts = ['Once upon a time', '', 'naïve 🚀', '\ud800', 'x'.repeat(1000), 'y'.repeat(200_000)]
  const answers = await Promise.all(texts.map((one) => text.encode(one, PLAIN)))
  for (const [i, one] of texts.entries()) {
    assert.instance(answers[i], Int32Array)
    assert.equal([...answers[i]!], encode(one, PLAIN))
  }
  assert.is(detokenize(facts.table, answers[0]!), texts[0])
  assert.instance(facts.table.pieces.bytes.buffer, SharedArrayBuffer)
  assert.equal(facts.ids.bos, 1)
  assert.equal(facts.endOfGeneration, [2])
  await text.close()
  assert.is(workers.size, 0)
  assert.is(await outcome(text.encode('late', PLAIN)), 'closed')
})

test('notices: a doubled BOS is said once, and kept', async () => {
  const notices: string[] = []
  const text = start(MODEL, { onNotice: (notice) => notices.push(notice) })
  await text.encode('Once', { addBos: true, parseSpecial: true })
  await text.encode('<s>Once', { addBos: false, parseSpecial: true })
  assert.equal(notices, [])
  const doubled = await text.encode('<s>Once', { addBos: true, parseSpecial: true })
  await text.encode('<s>Twice', { addBos: true, parseSpecial: true })
  assert.equal([...doubled.slice(0, 2)], [1, 1])
  assert.is(notices.length, 1)
  assert.match(notices[0]!, /two BOS tokens/)
  await text.close()
})

test('a callback that throws is an error of the request that brought the notice, and of no other', async () => {
  const text = start(MODEL, {
    onNotice() {
      throw new Error('the user threw')
    },
  })
  const requests = ['Once', '<s>Once', 'upon'].map((one) => text.encode(one, { addBos: true, parseSpecial: true }))
  const settled = await Promise.allSettled(requests)
  assert.equal(
    settled.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.match(String((settled[1] as PromiseRejectedResult).reason), /the user threw/)
  await text.close()
})

test('a file with an unknown pre-tokenizer, and one that has changed since its header was read', async () => {
  const cut = join(folder, 'cut.gguf')
  copyFileSync(MODEL, cut)
  const file = openGguf(cut)
  truncateSync(cut, 200_000)
  const text = new TextThread(file, {})
  assert.is(await outcome(text.ready), 'file_changed')
  assert.is(await outcome(text.encode('x', PLAIN)), 'file_changed')
  await text.close()
  assert.is(workers.size, 0)
})

sharedTest(test, 'the pre-tokenizer can be overridden', 'vectors/vocab/ggml-vocab-gpt-2.gguf', async (path) => {
  const bad = start(path, { tokenizerPre: 'mystery' })
  assert.is(await outcome(bad.ready), 'tokenizer_unsupported')
  await bad.close()
  const good = start(path, { tokenizerPre: 'qwen2' })
  assert.equal([...(await good.encode('12', PLAIN))], [16, 17])
  await good.close()
  assert.is(workers.size, 0)
})

/** Takes all the steps of a rendering, and ends in a refusal. */
const ENDLESS = '{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}'

test('a huge prompt in front: a short one, of any kind, is done while the huge one is at work', async () => {
  const prompts: Record<string, (text: TextThread, signal: AbortSignal) => Promise<unknown>> = {
    text: (text, signal) => text.encode(HUGE, PLAIN, signal),
    message: (text, signal) => text.prompt(chat(HUGE), signal),
    parts: (text, signal) =>
      text.prompt(chat([{ type: 'text', text: HUGE }], '{{ messages[0].content[0].text }}'), signal),
    'a template that renders on and on': (text, signal) => text.prompt(chat('x', ENDLESS), signal),
    'made by the template': (text, signal) =>
      text.prompt(chat('x'.repeat(100), `{{ messages[0].content * 40000 }}`), signal),
  }
  for (const [name, huge] of Object.entries(prompts)) {
    await withText(async (text) => {
      const order: string[] = []
      const stop = new AbortController()
      const inFront = outcome(huge(text, stop.signal)).then((end) => order.push(`huge ${end}`))
      const shorts = [text.encode('Once', PLAIN), text.prompt(chat('Once')), text.encode('upon', PLAIN)]
      await Promise.all(shorts)
      order.push('short')
      stop.abort()
      await inFront
      assert.equal(order, ['short', 'huge aborted'], name)
    })
  }
})

test('a huge prompt has the ids of a tokenizer, and its thread ends after the last of them', async () => {
  await withText(async (text) => {
    const long = 'Once upon a time. '.repeat(10_000)
    const { encode } = createTokenizer(vocabularyOfFile(MODEL))
    const [plain, chatted] = await Promise.all([text.encode(long, PLAIN), text.prompt(chat(long))])
    assert.equal([...plain], encode(long, PLAIN))
    assert.equal([...chatted.ids], encode(long, { addBos: true, parseSpecial: true }))
    assert.is(chatted.text, long)
    const ended = [...workers].at(-1)!
    if (workers.size > 1) await new Promise((resolve) => ended.once('exit', resolve))
    assert.is(workers.size, 1)
  })
})

test('an abort settles at once, whether the thread waits, works or has it in its queue; others are answered', async () => {
  await withText(async (text) => {
    const stop = new AbortController()
    const running = [HUGE, HUGE, 'x'].map((one) => outcome(text.encode(one, PLAIN, stop.signal)))
    const other = outcome(text.encode(LONG, PLAIN))
    const order: string[] = []
    void Promise.all(running).then((ends) => order.push(...ends))
    void other.then((end) => order.push(end))
    await new Promise((resolve) => setTimeout(resolve, 50))
    stop.abort()
    // Behind nothing but promises: no message of a thread comes in between.
    await new Promise((resolve) => process.nextTick(() => queueMicrotask(() => setImmediate(resolve))))
    assert.equal(order.slice(0, 2), ['aborted', 'aborted'])
    assert.is(await other, 'done')
  })
})

test('a thread at work for nobody is replaced', async () => {
  await withText(async (text) => {
    const before = startedWorkers
    const stop = new AbortController()
    const first = text.encode(LONG, PLAIN)
    const given = outcome(text.encode(HUGE, PLAIN, stop.signal))
    const behind = outcome(text.encode(LONG, PLAIN))
    await first
    stop.abort()
    assert.is(await given, 'aborted')
    assert.is(await behind, 'done')
    assert.is(startedWorkers - before, 2)
  })
})

for (const ms of [0, 50]) {
  test(`close settles what is asked at once, whatever the threads are doing: ${ms} ms later`, async () => {
    const text = start()
    await text.ready
    const running = [text.encode(HUGE, PLAIN), text.prompt(chat('x', ENDLESS))].map(outcome)
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
    running.push(outcome(text.encode('x', PLAIN)))
    const order: string[] = []
    const settled = Promise.all(running).then((ends) => order.push(...ends))
    const closed = text.close().then(() => order.push('close'))
    await Promise.all([settled, closed])
    assert.equal(order, ['closed', 'closed', 'closed', 'close'])
    assert.is(workers.size, 0)
  })
}

test('thread_died: only for the task that a thread died of; the next thread has the others', async () => {
  await withText(async (text) => {
    const first = text.encode(LONG, PLAIN)
    const tasks = [text.encode(HUGE, PLAIN), text.encode(LONG, PLAIN), text.encode(LONG, PLAIN)].map(outcome)
    await first
    void [...workers].at(-1)!.terminate()
    assert.equal(await Promise.all(tasks), ['thread_died', 'done', 'done'])
    assert.is(await outcome(text.encode('a time', PLAIN)), 'done')
  })
})

test('a thread out of memory is one typed error of the task that needed it', async () => {
  setFlagsFromString('--max-old-space-size=20')
  try {
    await withText(async (text) => {
      const tasks = [outcome(text.encode('🚀'.repeat(1_000_000), PLAIN)), outcome(text.encode('Once', PLAIN))]
      assert.equal(await Promise.all(tasks), ['out_of_memory', 'done'])
      assert.is(await outcome(text.encode('upon', PLAIN)), 'done')
    })
  } finally {
    setFlagsFromString('--max-old-space-size=2096')
  }
})

test('a task that failed says what failed', async () => {
  await withText(async (text) => {
    const message = (promise: Promise<unknown>) =>
      promise.then(
        () => 'done',
        ({ code, message }: TsinferError) => `${code}: ${message}`,
      )
    const conversation = (messages: unknown) => text.prompt({ ...chat('x'), messages: messages as unknown[] })
    assert.is(await message(conversation(null)), 'prompt_invalid: messages: expected a list of messages, found null')
    assert.match(await message(conversation('hi')), /^prompt_invalid: messages: .* found string$/)
    assert.match(await message(conversation([null])), /^prompt_invalid: message 0: /)
    assert.match(await message(text.encode(7 as unknown as string, PLAIN)), /^(request_failed|prompt_invalid): /)
    assert.match(await message(conversation([{ role: 'user', content: () => 1 }])), /^prompt_invalid: .*plain data/)
    assert.is(await outcome(text.encode('Once', PLAIN)), 'done')
  })
})

sharedTest(
  test,
  'a task that failed: millions of astral letters through the splitter of GPT-2',
  'vectors/vocab/ggml-vocab-gpt-2.gguf',
  (path) =>
    withText(async (text) => {
      const error: TsinferError = await text.encode('\u{20000}'.repeat(5_000_000), PLAIN).then(
        () => assert.unreachable() as never,
        (reason) => reason,
      )
      assert.is(error.code, 'prompt_invalid')
      assert.match(error.message, /^text: expected words short enough .*, found 10000000 code units in one/)
      assert.is(await outcome(text.encode('Once', PLAIN)), 'done')
    }, path),
)

test('the caller keeps breathing while a long text is encoded', async () => {
  await withText(async (text) => {
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    await text.encode('Once upon a time. '.repeat(17_000), PLAIN)
    clearInterval(timer)
    // Encoding it in the caller's own thread would leave none.
    assert.ok(turns >= 5, `${turns} turns of the caller's loop`)
  })
})

test.run()
