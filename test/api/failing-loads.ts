// Fails to load a model in every way that its awaits can fail, one after the other, and writes a line of JSON for each: the
// error, and what was left behind. Started by load-failures.test.ts, which also waits for its end: a process in which anything
// is still open does not end by itself.
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import type { Worker } from 'node:worker_threads'
import { rewriteModel } from '../../bench/forge/rewrite.ts'
import { type LoadOptions, loadModel } from '../../index.ts'
import { repositoryPath } from '../shared.ts'

/** One way to fail. */
export interface Failure {
  readonly name: string
  /** What the load rejected with. */
  readonly error: { readonly name: string; readonly code: string | undefined; readonly message: string }
  /** Threads, file descriptors and resources of the event loop that were not there before. */
  readonly threads: number
  readonly descriptors: number
  readonly resources: readonly string[]
}

const TARGET = repositoryPath('cli/models/stories260K.gguf')
const DRAFT = repositoryPath('cli/models/stories75K-draft.gguf')
const PAIR: LoadOptions = { draftModel: DRAFT, stages: 2, lanes: 1, context: 128 }

const folder = mkdtempSync(join(tmpdir(), 'tsinfer-load-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

/** Threads that have not ended, and how many there have been. */
const live = new Set<Worker>()
let started = 0
let onStart: (worker: Worker, index: number) => void = () => {}
process.on('worker', (worker) => {
  live.add(worker)
  worker.once('exit', () => live.delete(worker))
  onStart(worker, started++)
})

const descriptors = (): number => (existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0)

/** Without what the process has for its output and what it keeps for the next thread. */
const resources = (): string[] =>
  process.getActiveResourcesInfo().filter((name) => !/^(Pipe|TTY|FS|Immediate|TickObject|Microtask)/.test(name))

/** What has been ended may take the system some more turns. */
async function settled(isSettled: () => boolean): Promise<void> {
  for (let turn = 0; turn < 50 && !isSettled(); turn++) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** Loads with a fault; returns false where the load succeeded after all. */
async function fail(name: string, options: LoadOptions, path = TARGET): Promise<boolean> {
  const before = { descriptors: descriptors(), resources: resources() }
  const error = await loadModel(path, options).then(
    async (model) => {
      await model.close()
      return undefined
    },
    (reason) => reason,
  )
  onStart = () => {}
  if (error === undefined) return false
  await settled(
    () => live.size === 0 && descriptors() <= before.descriptors && resources().length <= before.resources.length,
  )
  const failure: Failure = {
    name,
    error: { name: error.name, code: error.code, message: error.message },
    threads: live.size,
    descriptors: descriptors() - before.descriptors,
    resources: resources().filter((one) => !before.resources.includes(one)),
  }
  console.log(JSON.stringify(failure))
  return true
}

async function failAtFiles(): Promise<void> {
  await fail('file_unreadable: no file', {}, join(folder, 'none.gguf'))
  await fail('file_unreadable: no draft model', { draftModel: join(folder, 'none.gguf') })
  await fail('option_invalid: a trace that cannot be written', { trace: join(folder, 'none', 'trace.json') })
  await fail('option_invalid: a build of kernels that Node 20 has not', {
    kernels: 'relaxed-dot',
    trace: join(folder, 'trace'),
  })
  await fail('tokenizer_invalid: a vocabulary without merges', PAIR, withoutMerges())
  const cut = join(folder, 'cut.gguf')
  copyFileSync(TARGET, cut)
  onStart = (_, index) => index === first && truncateSync(cut, 500_000)
  const first = started
  await fail('file_changed: weights that are cut while they are loaded', PAIR, cut)
}

/** stories260K, said to have a byte-pair vocabulary. */
function withoutMerges(): string {
  const path = join(folder, 'bpe.gguf')
  rewriteModel(path, TARGET, [{ key: 'tokenizer.ggml.model', type: 'string', value: 'gpt2' }])
  return path
}

async function failInMemory(): Promise<void> {
  setFlagsFromString('--wasm-max-mem-pages=16')
  await fail('out_of_memory: memory for the stages', PAIR)
  setFlagsFromString('--wasm-max-mem-pages=65536')
}

/** Every thread dies as it is made, and when it begins its work. Between, while it imports modules, Node dies. */
async function failAtThreads(): Promise<void> {
  const first = started
  await (await loadModel(TARGET, PAIR)).close()
  const count = started - first
  for (let victim = 0; victim < count; victim++) {
    for (const when of ['made', 'begun'] as const) {
      // A thread that has begun may be through with its part of the load before it is ended: then the next load is tried.
      let hasFailed = false
      while (!hasFailed) {
        const begun = started
        onStart = (worker, index) => {
          if (index !== begun + victim) return
          if (when === 'made') void worker.terminate()
          worker.on('message', (message) => {
            if (when === 'begun' && 'begun' in message) void worker.terminate()
          })
        }
        hasFailed = await fail(`thread_died: thread ${victim} of ${count}, ${when}`, PAIR)
      }
    }
  }
}

/** The signal fires after more and more turns of the event loop, until the load is faster. */
async function failAtTurns(): Promise<void> {
  for (let turns = 0; ; turns = 4 * turns + 1) {
    const stop = new AbortController()
    let left = turns
    const turn = () => {
      if (left-- === 0) stop.abort()
      else setImmediate(turn)
    }
    turn()
    const failed = await fail(`aborted: after ${turns} turns`, {
      ...PAIR,
      signal: stop.signal,
      trace: join(folder, 'trace'),
    })
    left = 0
    if (!failed) return
  }
}

async function failInCallbacks(): Promise<void> {
  const thrower = () => {
    throw Object.assign(new Error('the callback threw'), { code: 'callback' })
  }
  await fail('callback: onProgress', { ...PAIR, onProgress: thrower })
  const last = (fraction: number) => fraction === 1 && thrower()
  await fail('callback: onProgress at the end', { ...PAIR, onProgress: last })
}

await failAtFiles()
await failInMemory()
await failAtThreads()
await failAtTurns()
await failInCallbacks()
