// Standard output that cannot be written to, and files that a command was told to write.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { repositoryPath } from '../../shared.ts'
import { tsinfer } from '../tsinfer.ts'

const MODEL = repositoryPath('cli/models/stories260K.gguf')
const folder = mkdtempSync(join(tmpdir(), 'tsinfer-output-'))
test.after(() => rmSync(folder, { recursive: true }))

const TRACED = ['run', '-m', MODEL, '-p', 'Lily', '-n', '5', '--trace']

/** Runs `tsinfer WORDS` with a full disk as standard output. */
async function ontoFullDisk(words: readonly string[]) {
  const full = openSync('/dev/full', 'w')
  const child = spawn(process.execPath, [repositoryPath('dist/cli/main.js'), ...words], {
    stdio: ['ignore', full, 'pipe'],
  })
  closeSync(full)
  let stderr = ''
  child.stderr!.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  const [code] = await once(child, 'close')
  return { code, stderr }
}

for (const words of [
  ['--help'],
  ['run', '-m', MODEL, '-p', 'Lily', '-n', '20'],
  ['inspect', MODEL],
  ['tokenize', '-m', MODEL, '-p', 'Lily'],
]) {
  test(`standard output full: ${words[0]}: one line, exit 1`, async () => {
    assert.equal(await ontoFullDisk(words), {
      code: 1,
      stderr: 'tsinfer: standard output: expected to write, found no space left on the disk\n',
    })
  })
}

test('a trace is never written in place of a device, and a wrong path costs no model', async () => {
  const model = join(folder, 'a.gguf')
  for (const path of ['/dev/null', folder, join(folder, 'none', 't.json')]) {
    const { code, stdout, stderr } = await tsinfer([...TRACED, path])
    assert.is(code, 2)
    assert.is(stdout, '')
    assert.match(stderr, /^tsinfer: .*: expected a file that can be written, found [^\n]+\n$/)
  }
  assert.ok(statSync('/dev/null').isCharacterDevice())
  // Whoever forgets the file of the trace names the model there.
  writeFileSync(model, 'weights')
  const { code } = await tsinfer(['run', '-m', 'none.gguf', '-p', 'Lily', '--trace', model])
  assert.is(code, 2)
  assert.is(readFileSync(model, 'utf8'), 'weights')
})

test('a trace that the disk has no room for: one line, exit 1, and the file of before', async () => {
  const path = join(folder, 't.json')
  writeFileSync(path, 'of yesterday')
  const limited = ['-c', 'trap "" XFSZ; ulimit -f 1; exec "$@"', 'sh']
  const child = spawn('sh', [...limited, process.execPath, repositoryPath('dist/cli/main.js'), ...TRACED, path], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  const [code] = await once(child, 'close')
  assert.is(code, 1)
  assert.match(stderr, /^tsinfer: .*t\.json: expected a file .* found the largest file that the system allows\n$/)
  assert.is(readFileSync(path, 'utf8'), 'of yesterday')
  assert.not(existsSync(`${path}.tmp`))
})

test.run()
