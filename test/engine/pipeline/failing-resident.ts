// A resident that fails in the ways that a thread can fail.
import type { MessagePort } from 'node:worker_threads'

export interface Failing {
  readonly how:
    | 'heap'
    | 'throw'
    | 'throw without a task'
    | 'reject without a task'
    | 'heap without a task'
    | 'exit'
    | 'wait'
  readonly port: MessagePort
}

export default async function fail({ how, port }: Failing): Promise<undefined> {
  if (how === 'heap') fillHeap()
  if (how === 'throw') throw new Error('broken')
  if (how === 'exit') process.exit(3)
  const ends = how.endsWith('without a task')
  // Behind the answer to the pool, which then knows of no task that this could be an error of.
  if (ends) {
    setTimeout(() => {
      if (how.startsWith('heap')) fillHeap()
      if (how.startsWith('reject')) void Promise.reject(new Error('broken later'))
      else throw new Error('broken later')
    }, 30)
    return undefined
  }
  await new Promise<void>((resolve) => port.once('close', () => resolve()))
  return undefined
}

function fillHeap(): never {
  const kept: unknown[] = []
  for (;;) kept.push(Array.from({ length: 1000 }, (_, i) => ({ i })))
}
