// Files we write: the old one or the new one, whole, whatever happens; and nothing beside them.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { checkWritable, writeWholeFile, writeWholeText } from '../../../engine/files/whole-file.ts'
import { TsinferError } from '../../../index.ts'
import { runSaver } from './savers.ts'

const test = suite<{ folder: string }>('files', { folder: '' })
test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'tsinfer-files-'))
})
test.after.each(({ folder }) => rmSync(folder, { recursive: true, force: true }))

async function* of(...pieces: (Uint8Array | string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    if (piece instanceof Error) throw piece
    yield Buffer.from(piece as string)
  }
}

const errorOf = (promise: Promise<unknown>): Promise<TsinferError> =>
  promise.then(
    () => new TsinferError('closed', 'no error'),
    (error) => error,
  )

test('files: what was given is what is there, and nothing beside it', async ({ folder }) => {
  const path = join(folder, 'a')
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 5 }), async (pieces) => {
      await writeWholeFile(path, of(...pieces))
      assert.equal(readFileSync(path), Buffer.concat(pieces))
      assert.equal(readdirSync(folder), ['a'])
    }),
    { numRuns: 40 },
  )
  writeWholeText(path, 'a text \u2603')
  assert.is(readFileSync(path, 'utf8'), 'a text \u2603')
  assert.equal(readdirSync(folder), ['a'])
})

test('files: a model is not written over', async ({ folder }) => {
  const model = join(folder, 'model.gguf')
  writeFileSync(model, 'GGUF and gigabytes')
  symlinkSync('model.gguf', join(folder, 'link'))
  for (const path of [model, join(folder, 'link')]) {
    assert.throws(() => checkWritable(path), /expected a file that can be written, found a model/)
    assert.throws(() => writeWholeText(path, 'x'), /found a model/)
    assert.match((await errorOf(writeWholeFile(path, of('x')))).message, /found a model/)
  }
  assert.is(readFileSync(model, 'utf8'), 'GGUF and gigabytes')
  writeFileSync(join(folder, 'short'), 'GG')
  writeWholeText(join(folder, 'short'), 'new')
  assert.is(readFileSync(join(folder, 'short'), 'utf8'), 'new')
})

test('files: only a regular file or a free name is written to', async ({ folder }) => {
  const place = (name: string) => join(folder, name)
  mkdirSync(place('folder/full'), { recursive: true })
  writeFileSync(place('file'), 'old')
  symlinkSync('round', place('round'))
  symlinkSync('/dev/null', place('to-device'))
  symlinkSync('nowhere/at/all', place('to-nowhere'))
  symlinkSync('folder', place('to-folder'))
  execFileSync('mkfifo', [place('fifo')])
  symlinkSync('fifo', place('to-fifo'))
  const server = createServer().listen(place('socket'))
  const cases: [path: string, found: RegExp][] = [
    [place('folder'), /a directory/],
    [place('folder/'), /a directory/],
    [place('to-folder'), /a directory/],
    [place('new/'), /a directory/],
    ['.', /a directory/],
    ['/', /a directory/],
    ['', /an empty path/],
    ['a\0b', /a NUL character/],
    [place('nowhere/file'), /no such directory/],
    [place('to-nowhere'), /no such directory/],
    [place('file/below'), /a part of the path (that )?is not a directory/],
    [place('round'), /too many symbolic links/],
    [place('x'.repeat(300)), /the name is too long/],
    [place('fifo'), /a FIFO/],
    [place('to-fifo'), /a FIFO/],
    [place('socket'), /a socket/],
    [place('to-device'), /a device/],
    ['/dev/null', /a device/],
    ['/dev/full', /a device/],
    ['/proc/self/fd/0', /a (device|FIFO|socket)/],
  ]
  const kinds = (path: string) => {
    try {
      return lstatSync(path).mode
    } catch (error) {
      return (error as NodeJS.ErrnoException).code
    }
  }
  const before = readdirSync(folder)
  try {
    for (const [path, found] of cases) {
      const kind = kinds(path)
      const refusals = [
        await errorOf(writeWholeFile(path, of('new'))),
        await errorOf((async () => writeWholeText(path, 'new'))()),
        await errorOf((async () => checkWritable(path))()),
      ]
      for (const error of refusals) {
        assert.instance(error, TsinferError, path)
        assert.is(error.code, 'file_unwritable', path)
        assert.match(error.message, /: expected a file that can be written, found [^\n]*$/)
        assert.match(error.message, found)
      }
      assert.is(kinds(path), kind, path)
      assert.equal(readdirSync(folder), before, path)
    }
  } finally {
    server.close()
  }
  assert.is(readFileSync(place('file'), 'utf8'), 'old')
  assert.is(existsSync('a'), false)
})

test('files: a symbolic link is written through, also to what is not there yet', async ({ folder }) => {
  const place = (name: string) => join(folder, name)
  mkdirSync(place('real/deep'), { recursive: true })
  symlinkSync('real/deep', place('short'))
  writeFileSync(place('real/old'), 'old')
  for (const [link, to, real] of [
    ['a', 'real/old', 'real/old'],
    ['b', 'real/new', 'real/new'],
    ['c', 'b', 'real/new'],
    ['d', place('real/absolute'), 'real/absolute'],
    // `..` is of where the folder really is, not of how it is called.
    ['short/e', '../up', 'real/up'],
  ] as const) {
    symlinkSync(to, place(link))
    await writeWholeFile(place(link), of(`through ${link}`))
    assert.is(readFileSync(place(real), 'utf8'), `through ${link}`)
    assert.ok(lstatSync(place(link)).isSymbolicLink(), link)
    assert.not(lstatSync(place(real)).isSymbolicLink(), real)
  }
  assert.equal(readdirSync(place('real')).sort(), ['absolute', 'deep', 'new', 'old', 'up'])
  assert.equal(readdirSync(place('real/deep')), ['e'])
})

test('files: permissions and owner stay as they were', async ({ folder }) => {
  const path = join(folder, 'a')
  writeFileSync(path, 'old')
  chmodSync(path, 0o640)
  if (process.getuid?.() === 0) execFileSync('chown', ['1234:1235', path])
  const { uid, gid } = statSync(path)
  await writeWholeFile(path, of('new'))
  const stats = statSync(path)
  assert.equal([stats.mode & 0o7777, stats.uid, stats.gid], [0o640, uid, gid])
})

test('files: names as long as names can be', async ({ folder }) => {
  for (const name of ['x'.repeat(255), '\u{1F600}'.repeat(63), '\u00e9'.repeat(127)]) {
    await writeWholeFile(join(folder, name), of(name))
    assert.is(readFileSync(join(folder, name), 'utf8'), name)
    assert.equal(readdirSync(folder), [name])
    rmSync(join(folder, name))
  }
})

test('files: where the source of the pieces fails, the old file stays and nothing else', async ({ folder }) => {
  const path = join(folder, 'a')
  const fault = new Error('the source failed')
  for (const old of [undefined, 'old']) {
    if (old !== undefined) writeFileSync(path, old)
    for (const pieces of [[fault], ['new', fault], ['new'.repeat(1e6), 'er', fault]]) {
      assert.is(await errorOf(writeWholeFile(path, of(...pieces))), fault)
      assert.equal(readdirSync(folder), old === undefined ? [] : ['a'])
      if (old !== undefined) assert.is(readFileSync(path, 'utf8'), old)
    }
  }
})

test('files: a write that fails ends the source of the pieces too', async ({ folder }) => {
  let isEnded = false
  async function* endless() {
    try {
      for (;;) yield Buffer.alloc(1000)
    } finally {
      isEnded = true
    }
  }
  const gone = join(folder, 'gone')
  mkdirSync(gone)
  let pieces = 0
  const source = (async function* () {
    for await (const piece of endless()) {
      // What is written to is gone: moving it to its place cannot succeed.
      if (++pieces === 3) rmSync(gone, { recursive: true })
      if (pieces === 5) return
      yield piece
    }
  })()
  assert.is((await errorOf(writeWholeFile(join(gone, 'a'), source))).code, 'file_unwritable')
  assert.ok(isEnded)
})

test('files: what standard output goes to is refused', async ({ folder }) => {
  const path = join(folder, 'out')
  for (const name of [path, '/dev/stdout', '/proc/self/fd/1']) {
    const { code, stderr } = await runSaver([name, 'x', '1'], { output: path })
    assert.is(code, 1)
    assert.match(stderr, /^file_unwritable: .*found where standard output goes\n$/, name)
    assert.equal(readdirSync(folder), ['out'])
  }
})

test.run()
