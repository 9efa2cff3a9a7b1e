// Which unfinished files are swept: those of processes that are gone, and never anything else.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { temporaryName } from '../../../engine/files/temporary.ts'
import { writeWholeText } from '../../../engine/files/whole-file.ts'
import { startSaver } from './savers.ts'

const test = suite<{ folder: string }>('unfinished files', { folder: '' })
test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'tsinfer-files-'))
})
test.after.each(({ folder }) => rmSync(folder, { recursive: true, force: true }))

const DAY_S = 24 * 3600

/** What of `names` is still there when another file has been written beside them. */
function kept(folder: string, names: readonly string[], ageS = 0): string[] {
  for (const name of names) {
    writeFileSync(join(folder, name), '')
    utimesSync(join(folder, name), Date.now() / 1000 - ageS, Date.now() / 1000 - ageS)
  }
  writeWholeText(join(folder, 'other'), '')
  return readdirSync(folder).filter((name) => name !== 'other')
}

/** The parts of a name that this process gives: what it is for, where processes count, number, start, chance. */
const partsOf = (name: string) => /^(.*)\.tsinfer-(\w+)-(\d+)-(\d+)-(\w+)\.tmp$/.exec(basename(name))!.slice(1)

const nameOf = ([of, place, number, start, chance]: readonly (string | number | undefined)[]) =>
  `${of}.tsinfer-${place}-${number}-${start}-${chance}.tmp`

test('unfinished files: names differ, lie beside their place and begin like it', () => {
  const names = Array.from({ length: 100 }, () => temporaryName('/a/b/session'))
  assert.is(new Set(names).size, 100)
  for (const name of names) assert.equal([dirname(name), partsOf(name)[0]], ['/a/b', 'session'])
})

test('unfinished files: those of a process that lives stay, however old', ({ folder }) => {
  const name = basename(temporaryName('a'))
  assert.equal(kept(folder, [name], 1000 * DAY_S), [name])
})

test('unfinished files: a process that is gone, or whose number another one has now', async ({ folder }) => {
  const [of, place, number, start, chance] = partsOf(temporaryName('a'))
  const child = spawn(process.execPath, ['-e', ''])
  await once(child, 'close')
  assert.equal(kept(folder, [nameOf([of, place, child.pid, start, chance])]), [])
  assert.equal(kept(folder, [nameOf([of, place, number, Number(start) - 1, chance])]), [])
  assert.equal(kept(folder, [nameOf([of, place, 1, Number(start) + 5, chance])]), [])
})

test('unfinished files: of processes elsewhere only age tells', ({ folder }) => {
  const [of, , number, start, chance] = partsOf(temporaryName('a'))
  const name = nameOf([of, '0123456789abcdef', number, start, chance])
  assert.equal(kept(folder, [name], 0), [name])
  assert.equal(kept(folder, [name], DAY_S - 60), [name])
  assert.equal(kept(folder, [name], DAY_S + 60), [])
})

test('unfinished files: what others call alike stays', ({ folder }) => {
  const [of, place, , start, chance] = partsOf(temporaryName('a'))
  const gone = [of, place, 2 ** 22 + 1, start, chance]
  const foreign = [
    'a.tmp',
    'a.1-0.tmp',
    'a.tsinfer.tmp',
    `${nameOf(gone)}x`,
    nameOf(gone).replace('-', '_'),
    'a.json.17',
  ]
  assert.equal(kept(folder, foreign, 1000 * DAY_S), [...foreign].sort())
  mkdirSync(join(folder, nameOf([...gone.slice(0, 4), '0'.repeat(16)])))
  symlinkSync('a.tmp', join(folder, nameOf([...gone.slice(0, 4), '1'.repeat(16)])))
  assert.is(kept(folder, []).length, foreign.length + 2)
  assert.is(kept(folder, [nameOf(gone)]).length, foreign.length + 2, 'but one of a process that is gone goes')
})

test('unfinished files: one that is being written is not swept by others', async ({ folder }) => {
  const child = startSaver([join(folder, 'a'), 'n'])
  let stderr = ''
  child.stderr!.on('data', (chunk) => {
    stderr += chunk
  })
  let writes = 0
  child.stdout!.on('data', (chunk: Buffer) => {
    writes += chunk.length
  })
  for (let i = 0; writes < 60; i++) {
    writeWholeText(join(folder, `other${i % 5}`), '')
    await new Promise((resolve) => setTimeout(resolve, 1))
    if (child.exitCode !== null) break
  }
  child.kill()
  await once(child, 'close')
  assert.is(stderr, '')
  assert.ok(writes >= 60)
})

test.run()
