// Runs the built command line tool as its users do: as a process of its own.
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { repositoryPath } from '../shared.ts'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** What is measured and kept stays out of the user's own cache. */
const cache = mkdtempSync(join(tmpdir(), 'tsinfer-'))
process.on('exit', () => rmSync(cache, { recursive: true, force: true }))

type Environment = Readonly<Record<string, string>>

/** Starts `tsinfer WORDS`, with `environment` beside this process's; standard input stays open. */
export function startTsinfer(
  words: readonly string[],
  environment: Environment = {},
): ChildProcessByStdio<Writable, Readable, Readable> {
  const env = { ...process.env, XDG_CACHE_HOME: cache, ...environment }
  return spawn(process.execPath, [repositoryPath('dist/cli/main.js'), ...words], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env,
  })
}

/** Runs `tsinfer WORDS` with `input` as its standard input. */
export async function tsinfer(words: readonly string[], input = '', environment?: Environment): Promise<Ended> {
  const child = startTsinfer(words, environment)
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return ended(child)
}

/** Waits for the end and collects the output. */
export function ended(child: ChildProcessByStdio<Writable, Readable, Readable>): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })))
}
