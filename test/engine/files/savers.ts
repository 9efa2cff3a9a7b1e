// Starts `writer.ts`, plainly or in circumstances that the system has to provide.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { repositoryPath } from '../../shared.ts'

const WRITER = repositoryPath('dist/test/engine/files/writer.js')

export interface Circumstances {
  /** A command that runs the command behind it. */
  readonly under?: readonly string[]
  /** A file for standard output. */
  readonly output?: string
}

export function startSaver(words: readonly string[], { under = [], output }: Circumstances = {}): ChildProcess {
  const [command, ...rest] = [...under, process.execPath, WRITER, ...words]
  const descriptor = output === undefined ? 'pipe' : openSync(output, 'w')
  try {
    return spawn(command!, rest, { stdio: ['ignore', descriptor, 'pipe'] })
  } finally {
    if (typeof descriptor === 'number') closeSync(descriptor)
  }
}

/** Runs a saver to its end. */
export async function runSaver(words: readonly string[], circumstances?: Circumstances) {
  const child = startSaver(words, circumstances)
  let stderr = ''
  child.stdout?.resume()
  child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stderr }
}

/** Whether the system lets this process run `command`, as in a test that needs it. */
export const canRun = (command: string, ...words: string[]): boolean => spawnSync(command, words).status === 0
