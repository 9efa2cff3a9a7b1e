import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../../engine/errors.ts'
import { openFile, reopenFile } from '../../../engine/gguf/file-source.ts'
import { temporaryPath } from './temporary.ts'

function failure(action: () => unknown): TsinferError {
  try {
    action()
  } catch (error) {
    assert.instance(error, TsinferError, String(error))
    return error as TsinferError
  }
  throw new Error('expected an error')
}

function refuses(path: string, reason: string | RegExp): void {
  const { code, message } = failure(() => openFile(path))
  assert.is(code, 'file_unreadable')
  assert.match(message, reason)
  assert.not.match(message, /\n/)
}

const content = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7) & 255)
function written(name: string): string {
  const path = temporaryPath(name)
  writeFileSync(path, content)
  return path
}

test('reads ranges, also into shared memory', () => {
  const source = openFile(written('plain'))
  assert.is(source.bytes, 5000)
  const shared = new Uint8Array(new SharedArrayBuffer(200), 50, 100)
  source.readInto(shared, 4900)
  assert.equal(Array.from(shared), Array.from(content.subarray(4900)))
  source.readInto(new Uint8Array(0), 5000)
  source.checkUnchanged()
  source.close()
  source.close()
})

test('what is no regular file is refused at once', async () => {
  refuses('', 'empty')
  refuses(temporaryPath('missing'), 'no such file')
  refuses(`${written('not-a-folder')}/x`, 'not a directory')
  refuses('a\0b', 'NUL')
  refuses(`/${'x'.repeat(5000)}`, 'too long')
  refuses('/dev/null', 'device')
  mkdirSync(temporaryPath('folder\nof two lines'))
  refuses(temporaryPath('folder\nof two lines'), 'directory')
  const socket = temporaryPath('socket')
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  refuses(socket, 'socket')
  server.close()
})

test('a FIFO without a writer does not block', () => {
  const fifo = temporaryPath('fifo')
  execFileSync('mkfifo', [fifo])
  refuses(fifo, 'FIFO')
})

if (process.getuid?.() !== 0) {
  test('no permission', () => {
    const path = written('secret')
    chmodSync(path, 0)
    refuses(path, 'permission denied')
  })
}

test('a file that shrinks while open', () => {
  const path = written('shrinking')
  const source = openFile(path)
  truncateSync(path, 3000)
  source.readInto(new Uint8Array(3000), 0)
  const short = failure(() => source.readInto(new Uint8Array(2000), 2000))
  assert.is(short.code, 'file_changed')
  assert.match(short.message, 'expected 2000 bytes at offset 2000, found 1000')
  assert.is(failure(() => source.checkUnchanged()).code, 'file_changed')
  source.close()
})

test('a file that was changed between two openings', () => {
  const path = written('changing')
  const { identity, close } = openFile(path)
  close()
  reopenFile(identity).close()
  truncateSync(path, 4000)
  assert.match(failure(() => reopenFile(identity)).message, 'had 5000 bytes, now has 4000')
  writeFileSync(path, content)
  utimesSync(path, new Date(), new Date(identity.mtimeMs + 5000))
  const touched = failure(() => reopenFile(identity))
  assert.is(touched.code, 'file_changed')
  assert.match(touched.message, 'written to')
})

test.run()
