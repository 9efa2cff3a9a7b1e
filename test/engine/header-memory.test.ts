// What a header may cost in memory: the commands that read one, on headers full of one thing each, in processes of their
// own; the same headers in front of a small model that is loaded and run. Peak memory beyond that of the same command on
// a small model, and beyond the weights that so many tokens need: 48 MB and eight times the header.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { repositoryPath, skipTest } from '../shared.ts'
import { HOSTILE_HEADERS, headerBytes, modelBehind } from './gguf/hostile-headers.ts'
import { temporaryPath } from './gguf/temporary.ts'

const SIZE = 8e6
/** Of the headers in front of a model. */
const LOADED_SIZE = 16e6
const MARGIN = 48 * 2 ** 20
const TIMES = 8
/** The least of several peaks counts: beside other work collectors come later, which took one of eight 30% more. */
const ATTEMPTS = 3
const MODEL = repositoryPath('cli/models/stories260K.gguf')
const main = repositoryPath('dist/cli/main.js')
/** The peak of the process that ends; that of `resourceUsage` counts what its parent was before. */
const REPORT = `data:text/javascript,${encodeURIComponent(`
  import { readFileSync } from 'node:fs'
  process.on('exit', () => process.stderr.write(readFileSync('/proc/self/status', 'utf8')))
`)}`

const COMMANDS = [
  ['inspect', '--json'],
  ['tokenize', '-p', 'hello '.repeat(40)],
] as const
/** Loads the model, too. Not every vocabulary has a token for the prompt. */
const RUN = ['run', '-p', 'hello', '-n', '1', '-c', '64', '-t', '1'] as const

/** Peak bytes and exit status of a command about the model at `path`. */
function measure([command, ...args]: readonly string[], path: string) {
  const { stderr, status } = spawnSync(process.execPath, ['--import', REPORT, main, command!, path, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  const peak = /VmHWM:\s*(\d+) kB/.exec(stderr)?.[1]
  assert.ok(peak !== undefined, stderr.slice(0, 500))
  const said = stderr.slice(0, stderr.indexOf('Name:'))
  return { bytes: Number(peak) * 1024, status, said }
}

function hasPeaks(): boolean {
  try {
    return readFileSync('/proc/self/status', 'utf8').includes('VmHWM')
  } catch {
    return false
  }
}

const path = temporaryPath('hostile.gguf')
const usual = new Map<string, number>()

for (const [name, make] of Object.entries(HOSTILE_HEADERS)) {
  if (!hasPeaks()) skipTest(test, `memory of a header: ${name}`, 'needs /proc')
  else {
    test(`memory of a header: ${name}`, () => {
      const header = headerBytes(make(SIZE))
      for (const command of COMMANDS) check(command, header, header.length)
    })
    test(`memory of a header in front of a model that is loaded: ${name}`, () => {
      const { file, weightBytes } = modelBehind(make(LOADED_SIZE), MODEL)
      check(RUN, file, file.length - weightBytes, weightBytes)
    })
  }
}

function check(command: readonly string[], file: Buffer, size: number, weightBytes = 0): void {
  const key = command.join(' ')
  if (!usual.has(key)) usual.set(key, measure(command, MODEL).bytes)
  writeFileSync(path, file)
  const most = MARGIN + TIMES * size + weightBytes
  let more = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < ATTEMPTS && more > most; attempt++) {
    const { bytes, status, said } = measure(command, path)
    assert.ok(status === 0 || status === 2, `${key}: ${status} ${said.slice(0, 500)}`)
    assert.ok(said.length < 1000, `${key}: ${said.length} characters of message`)
    more = Math.min(more, bytes - usual.get(key)!)
  }
  assert.ok(more <= most, `${key}: ${more} bytes of memory for a header of ${size}, at most ${most}`)
}

test.run()
