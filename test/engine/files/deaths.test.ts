// Processes that die, fill the disk or meet another while they write a file.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { writeWholeText } from '../../../engine/files/whole-file.ts'
import { skipTest } from '../../shared.ts'
import { canRun, runSaver, startSaver } from './savers.ts'

const test = suite<{ folder: string }>('files of processes that die', { folder: '' })
test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'tsinfer-files-'))
})
test.after.each(({ folder }) => rmSync(folder, { recursive: true, force: true }))

/** The letter of a file that a writer has written whole. */
function letterOf(path: string): string {
  const text = readFileSync(path, 'latin1')
  const [, head, letter, count] = /^((.)(\d+)\n)/.exec(text)!
  assert.ok(text === head + letter!.repeat(10_000 * Number(count)), 'a whole file')
  return letter!
}

test('files: killed at any moment: the old file or the new one, and the next writer sweeps', async ({ folder }) => {
  const path = join(folder, 'a')
  let left = 0
  for (let round = 0; round < 16; round++) {
    const child = startSaver([path, 'n'])
    await once(child.stdout!, 'data')
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 20))
    child.kill('SIGKILL')
    await once(child, 'close')
    assert.is(letterOf(path), 'n')
    const names = readdirSync(folder)
    assert.ok(names.length <= 2, 'what is left does not grow')
    left += names.length - 1
  }
  assert.ok(left > 0, 'some were killed while they wrote')
  writeWholeText(path, 'end')
  assert.equal(readdirSync(folder), ['a'])
})

test('files: of two processes that write the same place the last one wins, whole', async ({ folder }) => {
  const path = join(folder, 'a')
  const both = ['l', 'r'].map((letter) => runSaver([path, letter, '60']))
  let isOver = false
  const ends = Promise.all(both).finally(() => {
    isOver = true
  })
  let seen = 0
  while (!isOver) {
    if (existsSync(path)) seen += 'lr'.includes(letterOf(path)) ? 1 : 0
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  for (const { code, stderr } of await ends) assert.equal([code, stderr], [0, ''])
  assert.ok(seen > 0)
  assert.ok('lr'.includes(letterOf(path)))
  assert.equal(readdirSync(folder), ['a'])
})

const LIMITED = ['sh', '-c', 'trap "" XFSZ; ulimit -f 64; exec "$@"', 'sh']

test('files: the largest size that the system allows: one typed error, the old file stays', async ({ folder }) => {
  const path = join(folder, 'a')
  // The first sixth of the writer's files is small enough.
  const { code, stderr } = await runSaver([path, 'n', '40'], { under: LIMITED })
  assert.is(code, 1)
  assert.match(stderr, /^file_unwritable: .*\/a: expected a file .*found the largest file that the system allows\n$/)
  assert.is(letterOf(path), 'n')
  assert.equal(readdirSync(folder), ['a'])
})

const canMount = canRun('unshare', '--mount', '--propagation', 'private', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt')

/** Runs a test in a mounted file system, which is gone afterwards. */
const mountTest = (name: string, options: string, body: (mounted: string) => Promise<void>) => {
  if (!canMount) return skipTest(test, name, 'needs the right to mount')
  test(name, async ({ folder }) => {
    const mounted = join(folder, 'mounted')
    mkdirSync(mounted)
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', mounted])
    try {
      await body(mounted)
    } finally {
      execFileSync('umount', ['-l', mounted])
    }
  })
}

mountTest('files: a full disk: one typed error, the old file stays', 'size=256k', async (mounted) => {
  const path = join(mounted, 'a')
  const { code, stderr } = await runSaver([path, 'n', '40'])
  assert.is(code, 1)
  assert.match(stderr, /^file_unwritable: .*found no space left on the disk\n$/)
  assert.is(letterOf(path), 'n')
  assert.equal(readdirSync(mounted), ['a'])
})

mountTest('files: no name left on the disk', 'nr_inodes=2', async (mounted) => {
  writeFileSync(join(mounted, 'a'), 'old')
  const { code, stderr } = await runSaver([join(mounted, 'a'), 'n', '1'])
  assert.is(code, 1)
  assert.match(stderr, /^file_unwritable: .*found no space left on the disk\n$/)
  assert.is(readFileSync(join(mounted, 'a'), 'utf8'), 'old')
})

mountTest('files: a disk that is read-only', 'size=64k', async (mounted) => {
  writeFileSync(join(mounted, 'a'), 'old')
  execFileSync('mount', ['-o', 'remount,ro', mounted])
  for (const name of ['a', 'b']) {
    const { code, stderr } = await runSaver([join(mounted, name), 'n', '1'])
    assert.is(code, 1)
    assert.match(stderr, /^file_unwritable: .*found a file system that is read-only\n$/)
  }
  assert.is(readFileSync(join(mounted, 'a'), 'utf8'), 'old')
})

/** Root without its rights to pass by permissions. Another user might not reach the folder that this code lies in. */
const WITHOUT_RIGHTS = process.getuid?.() === 0 ? ['setpriv', '--inh-caps=-all', '--bounding-set=-all'] : []

test('files: no permission, of the folder or of the file', async ({ folder }) => {
  const [closed, open] = [join(folder, 'closed'), join(folder, 'open')]
  for (const place of [closed, open]) mkdirSync(place)
  execFileSync('chmod', ['755', folder])
  writeFileSync(join(open, 'a'), 'old')
  execFileSync('chmod', ['444', join(open, 'a')])
  execFileSync('chmod', ['555', closed])
  execFileSync('chmod', ['777', open])
  for (const path of [join(closed, 'a'), join(open, 'a')]) {
    const { code, stderr } = await runSaver([path, 'n', '1'], { under: WITHOUT_RIGHTS })
    assert.is(code, 1)
    assert.match(stderr, /^file_unwritable: .*found permission denied\n$/)
  }
  assert.is(readFileSync(join(open, 'a'), 'utf8'), 'old')
  assert.equal(readdirSync(open), ['a'])
  assert.equal(readdirSync(closed), [])
})

const CONTAINER = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc']

const containerTest = canRun(CONTAINER[0]!, ...CONTAINER.slice(1), 'true')
  ? test
  : (name: string, _body: (context: { folder: string }) => Promise<void>) =>
      skipTest(test, name, 'needs the right to make namespaces')

containerTest("files: every process is number 1: one that was killed is in nobody's way", async ({ folder }) => {
  const path = join(folder, 'a')
  for (let round = 0; round < 5; round++) {
    const child = startSaver([path, 'n'], { under: CONTAINER })
    await once(child.stdout!, 'data')
    child.kill('SIGKILL')
    await once(child, 'close')
    assert.is(letterOf(path), 'n')
  }
  assert.equal(await runSaver([path, 'm', '1'], { under: CONTAINER }), { code: 0, stderr: '' })
  assert.is(letterOf(path), 'm')
})

test.run()
