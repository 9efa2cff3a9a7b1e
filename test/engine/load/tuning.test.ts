import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  keepTuning,
  type LoadOptions,
  loadModel,
  machineTopology,
  type TsinferError,
  type Tuning,
} from '../../../index.ts'
import { tsinfer } from '../../cli/tsinfer.ts'
import { repositoryPath } from '../../shared.ts'

const MODEL = repositoryPath('cli/models/stories260K.gguf')
const PLANNED = { lanes: 1, chunkRows: 64 }
const TUNED: Tuning = { lanes: 2, chunkRows: 32, barrierSpins: 100 }

const test = suite<{ folder: string }>('tuning', { folder: '' })
test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'tsinfer-'))
})
test.after.each(({ folder }) => rmSync(folder, { recursive: true, force: true }))

async function planOf(options: LoadOptions): Promise<{ plan: Tuning; notices: string[] }> {
  const notices: string[] = []
  const onNotice = (notice: string) => {
    // What Node 20 lacks is said, too, unless it was started with a flag.
    if (!notice.startsWith('kernels: ')) notices.push(notice)
  }
  await using model = await loadModel(MODEL, { context: 64, onNotice, ...options })
  const { lanes, chunkRows, barrierSpins } = model.info.plan
  return { plan: { lanes, chunkRows, barrierSpins }, notices }
}

test('what was kept is used where the plan is open', async ({ folder }) => {
  const path = keepTuning(folder, MODEL, TUNED)
  assert.equal(readdirSync(folder), [path.slice(folder.length + 1)])
  const { plan, notices } = await planOf({ tuning: folder })
  // More lanes than cores never spin.
  assert.equal(plan, { ...TUNED, barrierSpins: machineTopology().usableCores < 2 ? 0 : TUNED.barrierSpins })
  assert.equal(notices, [])
  assert.is((await planOf({ tuning: folder, chunkRows: 16 })).plan.chunkRows, 16)
  for (const options of [{ lanes: 1 }, { threads: 1 }, { stages: 1 }]) {
    const { plan } = await planOf({ tuning: folder, ...options })
    assert.is(plan.chunkRows, PLANNED.chunkRows, JSON.stringify(options))
  }
})

test('files of other machines and broken ones are ignored with a notice', async ({ folder }) => {
  const path = keepTuning(folder, MODEL, TUNED)
  const kept = JSON.parse(readFileSync(path, 'utf8'))
  const contents: [string, RegExp][] = [
    ['', /ignored: .*JSON/],
    ['null', /ignored: expected the tuning of this model/],
    [JSON.stringify({ ...kept, key: { ...kept.key, cpu: 'another' } }), /expected the tuning of this model/],
    [JSON.stringify({ key: kept.key }), /lanes: expected an integer from 1 to 64, found undefined/],
    [JSON.stringify({ ...kept, tuning: { ...TUNED, lanes: 65 } }), /lanes: expected an integer from 1 to 64, found 65/],
    [
      JSON.stringify({ ...kept, tuning: { ...TUNED, chunkRows: '8' } }),
      /chunkRows: expected an integer from 1 to 512, found "8"/,
    ],
    [
      JSON.stringify({ ...kept, tuning: { ...TUNED, barrierSpins: -1 } }),
      /barrierSpins: expected an integer from 0 to .*, found -1/,
    ],
    [' '.repeat(100_000), /expected at most 65536 bytes, found 100000/],
  ]
  for (const [content, reason] of contents) {
    writeFileSync(path, content)
    const { plan, notices } = await planOf({ tuning: folder })
    assert.is(plan.chunkRows, PLANNED.chunkRows, content)
    assert.is(plan.lanes, PLANNED.lanes, content)
    assert.is(notices.length, 1, content)
    assert.match(notices[0]!, reason)
    assert.ok(notices[0]!.startsWith(path))
  }
})

test('a folder that is not there is not made', async ({ folder }) => {
  const none = join(folder, 'none')
  const { plan, notices } = await planOf({ tuning: none })
  assert.is(plan.lanes, PLANNED.lanes)
  assert.equal(notices, [])
  assert.not(existsSync(none))
})

test('a folder that cannot be written is one typed error', ({ folder }) => {
  const file = join(folder, 'file')
  writeFileSync(file, '')
  for (const place of [file, join(file, 'below'), '/proc/none']) {
    assert.throws(
      () => keepTuning(place, MODEL, TUNED),
      (error: TsinferError) => error.code === 'file_unwritable' && /found [^\n]+$/.test(error.message),
    )
  }
  const path = keepTuning(folder, MODEL, TUNED)
  rmSync(path)
  mkdirSync(path)
  assert.throws(() => keepTuning(folder, MODEL, TUNED), /found a directory$/)
  assert.equal(readdirSync(folder).sort(), ['file', path.slice(folder.length + 1)].sort())
})

test('bench --tune prints what it measured and chose, and keeps it', async ({ folder }) => {
  const { code, stdout, stderr } = await tsinfer(['bench', '--tune'], '', { XDG_CACHE_HOME: folder })
  assert.is(code, 0, stderr)
  const chosen = /^chosen: (\d+) lanes?, chunk (\d+), (\d+) spins$/m.exec(stdout)
  assert.ok(chosen, stdout)
  assert.match(stdout, /^decode: 1 lane, .*: [\d.]+ tok\/s$/m)
  assert.match(stdout, /^prompt: .*, chunk 128, .*: [\d.]+ tok\/s$/m)
  const path = /^kept: (.*)$/m.exec(stdout)![1]!
  assert.ok(path.startsWith(join(folder, 'tsinfer', 'tuning')))
  const [lanes, chunkRows, barrierSpins] = chosen.slice(1).map(Number)
  assert.equal(JSON.parse(readFileSync(path, 'utf8')).tuning, { lanes, chunkRows, barrierSpins })
  const fixed = await tsinfer(['bench', '--tune', '-t', '1'])
  assert.is(fixed.code, 2)
  assert.match(fixed.stderr, /--tune: expected neither -t/)
})

test.run()
