// Sessions in files: they come back as they were, in any other plan of the same model, and nothing else does.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { forgeRandom } from '../../../bench/forge/random-model.ts'
import { RECIPES } from '../../../bench/forge/recipes.ts'
import { rewriteModel } from '../../../bench/forge/rewrite.ts'
import { CONTEXT_MAX } from '../../../engine/limits.ts'
import { encodeHeader, type SessionHeader, sessionFileBytes } from '../../../engine/session/session-header.ts'
import {
  type GenerateOptions,
  type LoadOptions,
  loadModel,
  type Model,
  type Session,
  TsinferError,
} from '../../../index.ts'
import { repositoryPath } from '../../shared.ts'

const MODEL = repositoryPath('cli/models/stories260K.gguf')
const PROMPT = [1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317]
const OPTIONS = { temperature: 0.8, seed: 5, maxTokens: 30, ignoreEos: true } satisfies GenerateOptions

const folder = mkdtempSync(join(tmpdir(), 'tsinfer-session-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))
const place = (name: string) => join(folder, name)
const sizeOf = (name: string) => statSync(place(name), { throwIfNoEntry: false })?.size ?? 0

const errorOf = (promise: Promise<unknown>): Promise<{ code: string; message: string }> =>
  promise.then(
    () => ({ code: 'no error', message: '' }),
    (error: TsinferError) => error,
  )

const ask = async (model: Model, prompt: readonly number[], session?: Session, maxTokens = OPTIONS.maxTokens) => {
  const options = { ...OPTIONS, maxTokens, ...(session && { session }) }
  const { choices, stats } = await model.generate(prompt, options).result
  return { ids: choices[0]!.ids, reused: stats.reusedTokens }
}

/** A session file of one turn, and the text in it. */
async function saved(name: string, load: LoadOptions = {}, note?: string) {
  await using model = await loadModel(MODEL, { context: 128, ...load })
  using session = model.session()
  const { ids } = await ask(model, PROMPT, session)
  const { tokens } = await session.save(place(name), note)
  const text = [...PROMPT, ...ids]
  assert.equal(tokens, text.slice(0, -1))
  return { path: place(name), text }
}

test('a session comes back in another plan: nothing of it is evaluated again, and the text goes on the same', async () => {
  const { path, text } = await saved('plans', { stages: 2, lanes: 2, chunkRows: 5 }, 'a note \u2603')
  const next = [...text, 300, 301]
  await using plain = await loadModel(MODEL, { context: 128 })
  const expected = (await ask(plain, next)).ids
  for (const load of [{}, { stages: 5, chunkRows: 3, sequences: 2 }, { stages: 3, lanes: 2, context: 90 }]) {
    await using model = await loadModel(MODEL, { context: 128, ...load })
    // Other cells than those of the one that saved.
    using other = model.session()
    await model.generate([1, 2, 3, 4], { ...OPTIONS, maxTokens: 4, session: other }).result
    using session = model.session()
    assert.equal(await session.load(path), { tokens: text.slice(0, -1), note: 'a note \u2603' })
    const { ids, reused } = await ask(model, next, session)
    assert.equal(ids, expected)
    assert.is(reused, text.length - 1)
  }
})

test('what is saved again after loading is the same file', async () => {
  const { path } = await saved('again', { stages: 2 })
  await using model = await loadModel(MODEL, { context: 128, stages: 4 })
  using session = model.session()
  await session.load(path)
  await session.save(place('again2'))
  assert.equal(readFileSync(place('again2')), readFileSync(path))
  // It is still there after having been saved.
  assert.is((await ask(model, [...PROMPT, 9], session)).reused, PROMPT.length)
})

test('an empty session is saved and loaded as one', async () => {
  await using model = await loadModel(MODEL, { context: 128 })
  using session = model.session()
  await session.save(place('empty'), 'nothing yet')
  await ask(model, PROMPT, session)
  assert.equal(await session.load(place('empty')), { tokens: [], note: 'nothing yet' })
  assert.is((await ask(model, PROMPT, session)).reused, 0)
})

test('saving and loading wait for requests of the session, and requests wait for them', async () => {
  const { path, text } = await saved('order')
  await using model = await loadModel(MODEL, { context: 128, sequences: 2 })
  using session = model.session()
  const loading = session.load(path)
  const turn = ask(model, [...text, 7], session)
  const saving = session.save(place('order2'))
  const last = ask(model, [...text, 7], session)
  await loading
  const { ids, reused } = await turn
  assert.is(reused, text.length - 1)
  assert.equal((await saving).tokens, [...text, 7, ...ids.slice(0, -1)])
  assert.equal((await last).ids, ids)
  // While another request has all cells, a text that is brought back waits for them.
  await using small = await loadModel(MODEL, { context: 128, kvCells: 128 })
  using one = small.session()
  const room = 128 - PROMPT.length
  const running = small.generate(PROMPT, { ...OPTIONS, maxTokens: room })
  const order: string[] = []
  let [tokens, back] = [0, Promise.resolve<unknown>(undefined)]
  for await (const piece of running) {
    if (piece.token >= 0) order.push('token')
    // It has taken the last run of cells by now.
    if (++tokens === room - 8) back = one.load(path).then(() => order.push('back'))
  }
  await back
  assert.is(order.indexOf('back'), room)
})

/** Tries a file of these bytes, and asserts that the session goes on as it was. */
async function refuses(model: Model, session: Session, bytes: Uint8Array, message: RegExp): Promise<void> {
  writeFileSync(place('wrong'), bytes)
  const error = await errorOf(session.load(place('wrong')))
  assert.match(error.message, message)
  assert.is(error.code, 'session_invalid')
  assert.ok(error instanceof TsinferError)
  assert.ok(!error.message.includes('\n') && error.message.startsWith(place('wrong')))
  const { reused } = await ask(model, PROMPT, session, 1)
  assert.is(reused, PROMPT.length - 1)
}

test('a file that was cut or damaged is refused by name, and the session goes on as it was', async () => {
  const { path } = await saved('cut', {}, 'note')
  const whole = readFileSync(path)
  await using model = await loadModel(MODEL, { context: 128 })
  using session = model.session()
  await ask(model, PROMPT, session)
  const lengths = [0, 3, 8, 15, 16, 100, 400, whole.length - 33, whole.length - 1]
  for (let i = 1; i < 20; i++) lengths.push(Math.floor((whole.length * i) / 20))
  for (const length of lengths) {
    await refuses(model, session, whole.subarray(0, length), /found (a file that was cut|another file)/)
  }
  await refuses(model, session, Buffer.concat([whole, Buffer.of(0)]), /expected a file of \d+ bytes, found one of \d+/)
  await refuses(
    model,
    session,
    Buffer.from('{"format":"tsinfer-chat"}'),
    /expected a session that tsinfer saved, found another file/,
  )
  await refuses(model, session, readFileSync(MODEL), /found another file/)
  const flipped = (bit: number) => {
    const bytes = Buffer.from(whole)
    bytes[bit >> 3]! ^= 1 << (bit & 7)
    return bytes
  }
  const anything = /damaged|cut|another file|version|expected/
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length * 8 - 1), (bit) => refuses(model, session, flipped(bit), anything)),
    { numRuns: 40 },
  )
  for (const byte of [8, 12, 20, 60, 300, 600, 2000, whole.length - 1]) {
    await refuses(model, session, flipped(byte * 8 + 2), anything)
  }
  await refuses(model, session, flipped((whole.length - 5000) * 8), /expected contents as it was saved/)
})

test('a session of another model, or in cells of another type, is refused', async () => {
  const { path } = await saved('other', { kvTypeK: 'f32', kvTypeV: 'f32' })
  const refused = async (model: Model, message: RegExp) => {
    using session = model.session()
    const error = await errorOf(session.load(path))
    assert.is(error.code, 'session_invalid')
    assert.match(error.message, message)
    assert.is((await ask(model, PROMPT, session)).ids.length, 30)
  }
  await using cells = await loadModel(MODEL, { context: 128, kvTypeK: 'f16', kvTypeV: 'f16' })
  await refused(cells, /expected K cells f16, found f32/)
  await using short = await loadModel(MODEL, { context: 48, kvTypeK: 'f32', kvTypeV: 'f32', sequences: 2 })
  using session = short.session()
  assert.match((await errorOf(session.load(path))).message, /no error|^$|expected at most/)
  await using tiny = await loadModel(MODEL, { context: 40, kvTypeK: 'f32', kvTypeV: 'f32' })
  using small = tiny.session()
  assert.match((await errorOf(small.load(path))).message, /expected at most 40 tokens \(the context\), found 44/)
  const name = [{ key: 'general.name', type: 'string', value: 'renamed' }] as const
  rewriteModel(place('renamed.gguf'), MODEL, [...name])
  await using renamed = await loadModel(place('renamed.gguf'), { context: 128, kvTypeK: 'f32', kvTypeV: 'f32' })
  await refused(renamed, /expected a session of the model "renamed" \([0-9a-f]{8}\), found one of ".+" \([0-9a-f]{8}\)/)
  // One weight.
  const bytes = readFileSync(MODEL)
  bytes[bytes.length - 100]! ^= 1
  writeFileSync(place('weight.gguf'), bytes)
  await using weight = await loadModel(place('weight.gguf'), { context: 128, kvTypeK: 'f32', kvTypeV: 'f32' })
  await refused(weight, /found one of/)
  // A copy is the same model.
  writeFileSync(place('copy.gguf'), readFileSync(MODEL))
  await using copy = await loadModel(place('copy.gguf'), { context: 128, kvTypeK: 'f32', kvTypeV: 'f32' })
  using good = copy.session()
  await good.load(path)
})

test('a damaged file costs a session nothing where there are cells for one text only', async () => {
  const { path } = await saved('scarce')
  const bytes = readFileSync(path)
  bytes[bytes.length - 1]! ^= 1
  writeFileSync(place('scarce'), bytes)
  await using model = await loadModel(MODEL, { context: 60 })
  using session = model.session()
  const { ids } = await ask(model, PROMPT, session)
  assert.is((await errorOf(session.load(path))).code, 'session_invalid')
  assert.is((await ask(model, [...PROMPT, ...ids, 7], session, 1)).reused, PROMPT.length + ids.length - 1)
})

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()

test('nothing is made room for because a file says so', async () => {
  const { path } = await saved('claims')
  const whole = readFileSync(path)
  const headerBytes = whole.readUInt32LE(12)
  const header = JSON.parse(whole.toString('utf8', 16, 16 + headerBytes)) as SessionHeader
  await using model = await loadModel(MODEL, { context: 128 })
  using session = model.session()
  await ask(model, PROMPT, session)
  /** A file with right checksums, which is then made as long as it says, with zeros that take no disk. */
  const claim = async (claims: Partial<SessionHeader>, message: RegExp, change?: (file: Buffer) => void) => {
    const changed = { ...header, ...claims }
    const encoded = Buffer.from(encodeHeader(changed))
    const file = Buffer.concat([encoded, sha256(encoded), whole.subarray(48 + headerBytes)])
    change?.(file)
    sha256(file.subarray(0, -32)).copy(file, file.length - 32)
    writeFileSync(place('claim'), file)
    truncateSync(place('claim'), sessionFileBytes(encoded.length - 16, changed))
    const before = process.memoryUsage().arrayBuffers
    const error = await errorOf(session.load(place('claim')))
    assert.is(error.code, 'session_invalid')
    assert.match(error.message, message)
    assert.ok(process.memoryUsage().arrayBuffers - before < 4 << 20)
    assert.is((await ask(model, PROMPT, session, 1)).reused, PROMPT.length - 1)
  }
  await claim({ tokens: CONTEXT_MAX }, /expected at most 128 tokens \(the context\), found \d+$/)
  await claim({ tokens: 129 }, /expected at most 128 tokens/)
  await claim({ tokenBytes: header.tokenBytes + 1 }, /expected bytes per token \d+, found/)
  await claim({ tokens: header.tokens + 1 }, /expected contents as it was saved/)
  await claim({ noteBytes: 7 }, /expected contents as it was saved/)
  const firstToken = 48 + headerBytes
  await claim({}, /expected tokens below 512, found 512$/, (file) => file.writeInt32LE(512, firstToken))
  await claim({}, /expected tokens below 512, found -1$/, (file) => file.writeInt32LE(-1, firstToken))
})

for (const [kvTypeK, kvTypeV, wrong] of [
  ['f16', 'f16', { kvTypeV: 'f32' }],
  ['f32', 'f16', { kvTypeK: 'f16' }],
  ['q8_0', 'q8_0', { kvTypeK: 'f16' }],
  ['q8_0', 'f16', { kvTypeV: 'q8_0' }],
  ['f32', 'q8_0', { kvTypeV: 'f32' }],
] as const) {
  test(`cells of ${kvTypeK} and ${kvTypeV}`, async () => {
    const types = { context: 128, kvTypeK, kvTypeV }
    const { path, text } = await saved('cells', { ...types, stages: 3 })
    await using model = await loadModel(MODEL, types)
    const expected = (await ask(model, text)).ids
    using session = model.session()
    await session.load(path)
    assert.equal(await ask(model, text, session), { ids: expected, reused: text.length - 1 })
    await using other = await loadModel(MODEL, { ...types, ...wrong })
    using no = other.session()
    assert.match((await errorOf(no.load(path))).message, /expected [KV] cells (f32|f16|q8_0), found (f32|f16|q8_0)$/)
  })
}

test('K that was rotated for a longer context is refused', async () => {
  // Other divisors beyond 64 positions.
  const phi3 = place('phi3.gguf')
  forgeRandom(phi3, RECIPES.phi3!, 'F16')
  await using long = await loadModel(phi3, { context: 128 })
  using session = long.session()
  await ask(long, [1, 5, 9], session, 4)
  await session.save(place('long'))
  await using short = await loadModel(phi3, { context: 60 })
  using other = short.session()
  assert.match(
    (await errorOf(other.load(place('long')))).message,
    /expected rotations of this context's length: [0-9a-f]{8}, found [0-9a-f]{8}/,
  )
  await using longer = await loadModel(phi3, { context: 200, stages: 2 })
  using same = longer.session()
  assert.is((await same.load(place('long'))).tokens.length, 6)
  assert.equal((await ask(longer, [1, 5, 9], same, 4)).ids, (await ask(long, [1, 5, 9], undefined, 4)).ids)
})

test('what cannot be written or read is said, and leaves nothing behind', async () => {
  await using model = await loadModel(MODEL, { context: 128 })
  using session = model.session()
  await ask(model, PROMPT, session)
  mkdirSync(place('full/a'), { recursive: true })
  const before = readdirSync(folder).length
  for (const path of [place('no/where'), place('full'), '', 'a\0b', '/dev/null']) {
    const error = await errorOf(session.save(path))
    assert.is(error.code, 'file_unwritable')
    assert.match(error.message, /expected a file that can be written, found [^\n]+$/)
  }
  assert.ok(statSync('/dev/null').isCharacterDevice())
  assert.is(readdirSync(folder).length, before)
  for (const path of [place('none'), place('full'), '', '/dev/null']) {
    const error = await errorOf(session.load(path))
    assert.is(error.code, 'file_unreadable')
    assert.match(error.message, /expected a (session|regular) file/)
  }
  symlinkSync('loop', place('loop'))
  const reasons = [
    ['loop', 'too many symbolic links'],
    ['x'.repeat(300), 'the name is too long'],
    ['none', 'no such file'],
  ] as const
  for (const [name, reason] of reasons) {
    const { message } = await errorOf(session.load(place(name)))
    assert.ok(message.endsWith(`: expected a session file, found ${reason}`), message)
  }
  rmSync(place('loop'))
  assert.is((await ask(model, PROMPT, session)).reused, PROMPT.length - 1)
  session.close()
  assert.is((await errorOf(session.save(place('closed')))).code, 'closed')
  assert.is((await errorOf(session.load(place('closed')))).code, 'closed')
})

test('a model that is closed while it saves leaves the old file and nothing beside it', async () => {
  const { path } = await saved('closing', {}, 'old')
  const model = await loadModel(MODEL, { context: 512 })
  const session = model.session()
  await model.generate([1, 403, 407], { ...OPTIONS, maxTokens: 400, session }).result
  const saving = errorOf(session.save(path, 'new'))
  while (readdirSync(folder).every((name) => !name.startsWith('closing.'))) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  await model.close()
  const { code } = await saving
  const { note } = await reread(path)
  // It may have been done already.
  assert.ok(code === 'closed' ? note === 'old' : code === 'no error' && note === 'new', `${code}: ${note}`)
  assert.equal(
    readdirSync(folder).filter((name) => name.startsWith('closing')),
    ['closing'],
  )
})

async function reread(path: string) {
  await using model = await loadModel(MODEL, { context: 512 })
  using session = model.session()
  return await session.load(path)
}

const SAVER = `
import { loadModel } from ${JSON.stringify(repositoryPath('dist/index.js'))}
const model = await loadModel(process.argv[1], { context: 512 })
const session = model.session()
await model.generate([1, 403, 407], { temperature: 0, maxTokens: 400, ignoreEos: true, session }).result
console.log('ready')
for (;;) await session.save(process.argv[2], 'new')
`

test('a process that is killed while it saves leaves a whole file', async () => {
  const { path } = await saved('killed', {}, 'old')
  const seen = new Set<string>()
  await using model = await loadModel(MODEL, { context: 512 })
  for (let round = 0; round < 4; round++) {
    const saver = spawn(process.execPath, ['--input-type=module', '-e', SAVER, MODEL, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(saver.stdout, 'data')
    // Until it is somewhere in a save.
    const begun = () => readdirSync(folder).some((name) => name.startsWith('killed.') && sizeOf(name) > 0)
    while (!begun()) await new Promise((resolve) => setImmediate(resolve))
    saver.kill('SIGKILL')
    await once(saver, 'exit')
    using session = model.session()
    seen.add((await session.load(path)).note)
  }
  assert.ok(seen.has('old') || seen.has('new'))
  await saved('after')
  assert.equal(
    readdirSync(folder).filter((name) => name.endsWith('.tmp')),
    [],
  )
})

test.run()
