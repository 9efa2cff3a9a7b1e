import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { repositoryPath, sharedTest } from '../shared.ts'
import { ended, startTsinfer, tsinfer } from './tsinfer.ts'

const MODEL = repositoryPath('cli/models/stories260K.gguf')

test('the embedded model writes its story, which ends by itself', async () => {
  const { code, stdout, stderr } = await tsinfer(['run', '-p', 'Once upon a time', '--temp', '0'])
  assert.is(code, 0, stderr)
  assert.ok(stdout.startsWith(', there was a little girl named Lily. She loved to play outside in the park. '), stdout)
  assert.is(stderr, '')
})

test('without a prompt a story begins by itself; a named model asks for one', async () => {
  const embedded = await tsinfer(['run', '--temp', '0', '-n', '5'])
  assert.is(embedded.stdout, ', there was a little')
  const named = await tsinfer(['run', MODEL])
  assert.is(named.code, 2)
  assert.match(named.stderr, /^tsinfer: prompt: expected PROMPT, -p TEXT or text on standard input, found none\n$/)
  const missing = await tsinfer(['run', `${MODEL}.none`])
  assert.is(missing.code, 2)
  assert.match(missing.stderr, /^tsinfer: .*none: no such file\n$/)
})

test('piped text is the prompt, without its last line end', async () => {
  const piped = await tsinfer(['run', '--temp', '0', '-n', '5'], 'Once upon a time\n')
  assert.is(piped.stdout, ', there was a little')
})

test('--json is one object, with the seed that repeats the text', async () => {
  const first = await tsinfer(['run', '-p', 'Lily', '-n', '12', '--json'])
  const object = JSON.parse(first.stdout)
  assert.equal(Object.keys(object), ['ids', 'prompt_ids', 'text', 'finish_reason', 'seed', 'stats'])
  assert.is(object.ids.length, 12)
  assert.is(object.prompt_ids[0], 1)
  assert.is(object.finish_reason, 'length')
  for (const field of [
    'prompt_tokens',
    'prompt_ms',
    'tokens',
    'decode_ms',
    'tok_s',
    'ttft_ms',
    'itl_ms_p50',
    'itl_ms_p95',
  ]) {
    assert.type(object.stats[field], 'number', field)
  }
  for (const field of ['drafted', 'accepted', 'cancelled_rows', 'wasted_rows']) assert.is(object.stats[field], 0, field)
  for (const field of ['acceptance', 'acceptance_per_guess', 'whole_cancel_ms_p50']) {
    assert.is(object.stats[field], null, field)
  }
  const { utilisation, stage_utilisation, bubble, runs_in_flight, tokens_per_run } = object.stats
  assert.ok(utilisation > 0 && utilisation <= 1 && bubble > 0 && bubble < 1, JSON.stringify(object.stats))
  assert.is(stage_utilisation.length, 1)
  assert.ok(runs_in_flight > 0 && runs_in_flight <= 1)
  assert.is(tokens_per_run, 1)
  assert.type(object.stats.plan, 'string')
  const again = await tsinfer(['run', '-p', 'Lily', '-n', '12', '--json', '-s', String(object.seed)])
  assert.equal(JSON.parse(again.stdout).ids, object.ids)
})

test('--ids are taken as they are, and --stats goes to standard error', async () => {
  const { stdout, stderr } = await tsinfer(['run', '--ids', '1,403', '-n', '3', '--json', '--stats', '--top-k', '5'])
  assert.equal(JSON.parse(stdout).prompt_ids, [1, 403])
  for (const line of ['temperature: 0.8', 'top_k: 5', 'min_p: 0.05', 'tokens: 3', 'finish_reason: length']) {
    assert.ok(stderr.includes(`${line}\n`), line)
  }
})

test('a context that is full ends the text; a prompt beyond it is refused with both numbers', async () => {
  const full = await tsinfer(['run', '--ids', '1,403,407', '-c', '16', '--ignore-eos', '--json'])
  assert.is(JSON.parse(full.stdout).finish_reason, 'length')
  const beyond = await tsinfer(['run', '--ids', '1,403,407', '-c', '2'])
  assert.is(beyond.code, 2)
  assert.match(beyond.stderr, /^tsinfer: .*\b2\b.*\b3\b.*\n$/)
})

test('Ctrl-C stops the text and exits with 130; figures are printed where they were asked for', async () => {
  const interrupted = async (more: readonly string[]) => {
    const child = startTsinfer(['run', '-p', 'Lily', '-c', '0', '-n', '100000', '--ignore-eos', ...more])
    await once(child.stdout, 'data')
    const end = ended(child)
    child.kill('SIGINT')
    return end
  }
  const quiet = await interrupted([])
  assert.equal([quiet.code, quiet.stderr], [130, ''])
  const { code, stderr } = await interrupted(['--stats'])
  assert.is(code, 130)
  assert.match(stderr, /finish_reason: interrupted\ntokens: \d+\n/)
})

test('Ctrl-C while waiting for standard input', async () => {
  const child = startTsinfer(['run'])
  const end = ended(child)
  // More than a pipe holds: once it is gone, the process reads.
  child.stdin.write('x'.repeat(1 << 20), () => child.kill('SIGINT'))
  assert.equal(await end, { code: 130, stdout: '', stderr: '' })
})

test('a reader that goes away ends the work without complaint', async () => {
  const child = startTsinfer(['run', '-p', 'Lily', '-c', '0', '--ignore-eos'])
  await once(child.stdout, 'data')
  child.stdout.destroy()
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const [code] = await once(child, 'close')
  assert.is(code, 0)
  assert.is(stderr, '')
})

sharedTest(test, 'golden greedy ids', 'models/stories260K/golden-f32.json', async (path) => {
  const { runs } = JSON.parse(readFileSync(path, 'utf8'))
  for (const { prompt_ids: prompt, ids } of runs as { prompt_ids: number[]; ids: number[] }[]) {
    const count = String(ids.length - prompt.length)
    const words = ['run', MODEL, '--ids', prompt.join(','), '--temp', '0', '-n', count, '--ignore-eos', '--json']
    const { stdout } = await tsinfer(words)
    assert.equal([...prompt, ...JSON.parse(stdout).ids], ids)
  }
})

test('speculation changes the figures and not the text', async () => {
  const words = ['run', '-p', 'Lily saw a dog. Lily saw a', '-n', '40', '--temp', '0', '--json', '--stages', '2']
  const plain = JSON.parse((await tsinfer(words)).stdout)
  const { stdout, stderr } = await tsinfer([...words, '--spec', 'pipe', '--draft-max', '3', '--spec-draft-p-min', '0'])
  const speculated = JSON.parse(stdout)
  assert.equal(speculated.ids, plain.ids)
  assert.is(plain.stats.drafted, 0)
  const { drafted, accepted, cancelled_rows, wasted_rows } = speculated.stats
  assert.ok(drafted > 0)
  assert.is(drafted, accepted + cancelled_rows + wasted_rows)
  assert.is(stderr, 'tsinfer: --draft-max: now called --spec-draft-n-max\n')
})

test('a draft model speculates unless told not to', async () => {
  const draft = repositoryPath('cli/models/stories75K-draft.gguf')
  const words = ['run', '-p', 'Once upon a time', '-n', '30', '--temp', '0', '--json', '-md', draft, '-td', '1']
  const sync = JSON.parse((await tsinfer([...words, '--spec', 'sync', '--draft-stages', '2'])).stdout)
  const pipe = JSON.parse((await tsinfer(words)).stdout)
  const plain = JSON.parse((await tsinfer([...words, '--spec', 'off'])).stdout)
  assert.equal([sync.ids, pipe.ids], [plain.ids, plain.ids])
  assert.ok(sync.stats.accepted > 0)
  assert.is(plain.stats.drafted, 0)
})

test.run()
