import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { repositoryPath, sharedTest } from '../shared.ts'
import { tsinfer } from './tsinfer.ts'

const MODEL = repositoryPath('cli/models/stories260K.gguf')
const folder = mkdtempSync(join(tmpdir(), 'tsinfer-cli-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

test('logits: a JSON line per position', async () => {
  const { code, stdout } = await tsinfer([
    'logits',
    MODEL,
    '--ids',
    '1,403,407,261',
    '--top',
    '3',
    '--from',
    '2',
    '--json',
  ])
  assert.is(code, 0)
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.equal(
    rows.map(({ pos, token }) => [pos, token]),
    [
      [2, 407],
      [3, 261],
    ],
  )
  for (const row of rows) {
    assert.equal(Object.keys(row), ['pos', 'token', 'top', 'logsumexp'])
    assert.is(row.top.length, 3)
    assert.ok(row.top[0][1] >= row.top[1][1] && row.top[0][1] <= 1)
  }
})

test('tokenize: text to ids, ids to text', async () => {
  const text = JSON.parse((await tsinfer(['tokenize', MODEL, '-p', 'hello world', '--json'])).stdout)
  assert.is(text.text, 'hello world')
  assert.is(text.ids[0], 1)
  const file = join(folder, 'text.txt')
  writeFileSync(file, 'hello world')
  const bare = JSON.parse((await tsinfer(['tokenize', MODEL, '-f', file, '--no-bos', '--json'])).stdout)
  assert.equal(bare.ids, text.ids.slice(1))
  const back = await tsinfer(['tokenize', '-m', MODEL, '--ids', bare.ids.join(',')])
  assert.is(back.stdout, 'hello world\n')
})

test('perplexity: of ids and of a file, and windows no longer than the context', async () => {
  const ids = ['--ids', '1,403,407,261,378,432,383']
  const whole = JSON.parse((await tsinfer(['perplexity', MODEL, ...ids, '--json'])).stdout)
  assert.is(whole.tokens, 6)
  assert.ok(Math.abs(whole.ppl - Math.exp(whole.nll)) < 1e-9)
  const cut = JSON.parse((await tsinfer(['perplexity', MODEL, ...ids, '-c', '4', '--json'])).stdout)
  assert.is(cut.tokens, 6)
  assert.ok(cut.nll > whole.nll)
  const file = join(folder, 'story.txt')
  writeFileSync(file, 'Once upon a time, there was a little girl named Lily.')
  const story = JSON.parse((await tsinfer(['perplexity', MODEL, '-f', file, '--json'])).stdout)
  assert.ok(story.ppl < 5, String(story.ppl))
})

sharedTest(test, 'perplexity agrees with the reference', 'models/stories260K/perplexity.json', async (path) => {
  const { stories } = JSON.parse(readFileSync(path, 'utf8')) as { stories: { ids: number[]; mean_nll: number }[] }
  for (const { ids, mean_nll } of stories.slice(0, 3)) {
    const { stdout } = await tsinfer(['perplexity', MODEL, '--ids', ids.join(','), '--json'])
    const { nll, tokens } = JSON.parse(stdout)
    assert.is(tokens, ids.length - 1)
    assert.ok(Math.abs(nll - mean_nll) < 1e-3, `${nll} for ${mean_nll}`)
  }
})

test('inspect: for people and as JSON', async () => {
  const { stdout } = await tsinfer(['inspect', MODEL])
  assert.match(stdout, /^architecture: llama$/m)
  assert.match(stdout, /^runnable: yes$/m)
  assert.match(stdout, /^ {2}tokenizer\.ggml\.tokens = \["<unk>", .*\.\.\.\] \(array of string, 512\)$/m)
  const json = JSON.parse((await tsinfer(['inspect', MODEL, '--json', '--stages', '2'])).stdout)
  assert.is(json.runnable, true)
  assert.is(json.reason, null)
  assert.is(json.plan.stages.length, 2)
  assert.ok(json.memory_bytes > json.tensor_bytes)
  assert.is(json.metadata['llama.block_count'], 5)
  assert.equal(json.tensor_types, [{ type: 'F32', tensors: 48, bytes: 1171200 }])
})

sharedTest(test, 'inspect shows a vocabulary, and says why it does not run', 'vectors/vocab', async (vocabularies) => {
  const { code, stdout } = await tsinfer(['inspect', join(vocabularies, 'ggml-vocab-gpt-2.gguf'), '--json'])
  assert.is(code, 0)
  const { runnable, reason } = JSON.parse(stdout)
  assert.is(runnable, false)
  assert.type(reason, 'string')
})

sharedTest(test, 'damaged files: exit 2 and one line, by every command', 'vectors/gguf-bad', async (bad) => {
  const files = readdirSync(bad).filter((name) => /^bad-.*\.gguf$/.test(name))
  assert.ok(files.length > 0)
  // Which file meets which command changes along the list; all commands open files the same way.
  const commands = [['inspect'], ['run', '-p', 'x'], ['logits', '--ids', '1'], ['tokenize', '-p', 'x'], ['bench']]
  for (const [i, name] of files.entries()) {
    const [command = '', ...rest] = commands[i % commands.length]!
    const { code, stdout, stderr } = await tsinfer([command, join(bad, name), ...rest])
    assert.is(code, 2, `${command} ${name}: ${stderr}`)
    assert.is(stdout, '')
    assert.match(stderr, /^tsinfer: [^\n]+\n$/, name)
  }
})

test('what is no file of a model: one line, exit 2', async () => {
  const cases = [join(folder, 'missing.gguf'), folder]
  if (process.platform !== 'win32') {
    const fifo = join(folder, 'fifo')
    execFileSync('mkfifo', [fifo])
    cases.push(fifo)
  }
  const empty = join(folder, 'empty.gguf')
  writeFileSync(empty, '')
  for (const path of [...cases, empty]) {
    for (const command of [['inspect'], ['run', '-p', 'x']]) {
      const { code, stderr } = await tsinfer([...command, path])
      assert.is(code, 2, path)
      assert.match(stderr, /^tsinfer: [^\n]+\n$/)
    }
  }
})

test('bench: JSON rows with the promised fields', async () => {
  const { code, stdout, stderr } = await tsinfer(['bench', '-p', '8', '-n', '4', '-r', '2', '-o', 'json'])
  assert.is(code, 0, stderr)
  const rows = JSON.parse(stdout)
  assert.equal(
    rows.map(({ test: name }: { test: string }) => name),
    ['pp8', 'tg4'],
  )
  for (const row of rows) {
    for (const field of ['tok_s', 'tok_s_sd', 'tok_s_median', 'tok_s_best', 'gb_s'])
      assert.type(row[field], 'number', field)
    assert.type(row.plan, 'string')
    assert.is(row.acceptance, null)
  }
})

test('bench: a table and comma-separated values', async () => {
  const table = await tsinfer(['bench', '-p', '0', '-n', '4', '-r', '1'])
  assert.match(table.stdout, /^\| model .*\n\| --- .*\n\| llama .* \| tg4 \| [\d.]+ ± 0\.00 \|.*\n$/)
  const csv = await tsinfer(['bench', '-p', '4', '-n', '0', '-r', '1', '-o', 'csv'])
  assert.match(csv.stdout, /^model,.*,test,.*\n"llama .*","pp4",4,0,0,\d+,1,.*\n$/)
})

test('topology: facts and measured bandwidth', async () => {
  const { code, stdout, stderr } = await tsinfer(['topology', '--json'])
  assert.is(code, 0, stderr)
  const facts = JSON.parse(stdout)
  for (const field of ['cores', 'physical_cores', 'sockets', 'numa_nodes', 'usable_cores', 'bandwidth_gb_s']) {
    assert.ok(facts[field] > 0, field)
  }
  assert.match(facts.bandwidth_how, /^\d+ threads?, each reading \d+ MiB .* streams per thread \((1|4|8|16)\)$/)
})

test('usage errors: one line, exit 2', async () => {
  const cases: [string[], RegExp][] = [
    [['ruin'], /ruin: unknown command, .*did you mean run\?/],
    [['run', '--tmep', '1'], /--tmep: unknown option; did you mean --temp\?/],
    [['run', '--tree', 'auto'], /--tree: unknown option/],
    [['run', 'a.gguf', 'b.gguf'], /expected one model, found a\.gguf and also b\.gguf/],
    [['run', '-j', '{', '-p', 'x'], /^tsinfer: --json-schema: expected JSON, found a text that does not parse: /],
    [['run', '-p', 'x', '--grammar', 'root ::= a'], /^tsinfer: grammar line 1, column 10: expected the name of a rule/],
    [['run', '-p', 'x', '--grammar-file', join(folder, 'none')], /expected a readable text file, found no such file/],
    [
      ['run', '-p', 'x', '--grammar', 'root ::= "a"', '-j', '{}'],
      /^tsinfer: expected --json-schema or --grammar, found both/,
    ],
    [['run', '-m', 'a.gguf', 'b.gguf'], /expected one model, found a\.gguf and also b\.gguf/],
    [['topology', 'x'], /x: unexpected argument/],
    [['logits', MODEL], /--ids: expected token ids, found none/],
    [['logits', MODEL, '--ids', '1,512'], /ids\[1\]: expected a token id from 0 to 511, found 512/],
    [['logits', MODEL, '--ids', '1,x'], /--ids: expected integers of at least 0 separated by commas, found "x"/],
    [['logits'], /expected a model file, found none/],
    [['perplexity', MODEL], /input: expected one of -f and --ids, found none/],
    [['perplexity', MODEL, '--ids', '1'], /text: expected at least 2 tokens, found 1/],
    [['tokenize', MODEL, '-p', 'x', '--ids', '1'], /input: expected one of -p, -f and --ids, found 2 of them/],
    [['tokenize', MODEL, '-f', join(folder, 'none')], /expected a readable text file, found no such file/],
    [['run', '--stages', '99', '-p', 'x'], /^tsinfer: --stages: expected/],
    [['run', '-c', '99999999', '-p', 'x'], /^tsinfer: -c: expected/],
    [['run', '--ctx-size', '99999999', '-p', 'x'], /^tsinfer: --ctx-size: expected/],
    [
      ['run', '--spec', 'sync', '--spec-draft-n-min', '9', '-p', 'x'],
      /--spec-draft-n-min: expected at most --spec-draft-n-max/,
    ],
    [['help', 'ruin'], /ruin: unknown command, .*did you mean run\?/],
    [['help', 'run', 'x'], /x: unexpected argument/],
    [['missing.gguf', '-p', 'x'], /missing\.gguf: /],
    [['bench', '-n', '1'], /^tsinfer: -n: expected at least 2 tokens/],
    [['bench', '--n-gen', '1'], /^tsinfer: --n-gen: expected at least 2 tokens/],
    [['bench', '-c', '128', '-p', '512'], /fit in a context of 128, found pp512, which needs 513/],
    [['bench', '-c', '0', '-p', '2000', '-d', '100'], /fit in a context of 2048, found pp2000 @ d100/],
    [['bench', '-pg', '5'], /-pg: expected 2 integers/],
  ]
  for (const [words, message] of cases) {
    const { code, stdout, stderr } = await tsinfer(words)
    assert.is(code, 2, `${words.join(' ')}: ${stderr}`)
    assert.is(stdout, '')
    assert.match(stderr, /^tsinfer: [^\n]+\n$/)
    assert.match(stderr, message)
  }
})

test('a model or an option in place of a command is for run', async () => {
  const words = ['-p', 'Once upon a time', '--temp', '0', '-n', '3']
  const { stdout } = await tsinfer(['run', MODEL, ...words])
  assert.ok(stdout.length > 0)
  assert.is((await tsinfer([MODEL, ...words])).stdout, stdout)
  assert.is((await tsinfer([...words, MODEL])).stdout, stdout)
  assert.is((await tsinfer(words)).stdout, stdout)
})

test('-ub beyond the largest chunk, and -t as many as there are', async () => {
  const words = ['-p', 'Once upon a time', '--temp', '0', '-n', '3', '--json']
  const usual = JSON.parse((await tsinfer(['run', ...words])).stdout)
  for (const more of [
    ['-t', '-1'],
    ['-t', '0'],
    ['-ub', '2048'],
    ['-td', '-1'],
    ['--threads-draft', '0'],
  ]) {
    const { code, stdout, stderr } = await tsinfer(['run', ...words, ...more])
    assert.is(code, 0, stderr)
    assert.equal(JSON.parse(stdout).ids, usual.ids, more.join(' '))
  }
  const { stdout } = await tsinfer(['inspect', MODEL, '-ub', '513', '--json'])
  assert.is(JSON.parse(stdout).plan.chunk_rows, 512)
})

test('--debug adds the stack', async () => {
  const { stderr } = await tsinfer(['inspect', join(folder, 'none'), '--debug'])
  assert.match(stderr, /^tsinfer: .*\n.*Error: .*\n {4}at /)
})

test('help and version', async () => {
  const general = await tsinfer(['--help'])
  assert.is(general.code, 0)
  assert.match(general.stdout, /^Usage: tsinfer MODEL\.gguf \[PROMPT\] \[options\]\n {7}tsinfer COMMAND/)
  for (const words of [[], ['-h'], ['help']]) assert.equal(await tsinfer(words), general, words.join(' '))
  for (const name of ['run', 'logits', 'perplexity', 'tokenize', 'inspect', 'bench', 'topology']) {
    const { code, stdout, stderr } = await tsinfer([name, '--help'])
    assert.is(code, 0, stderr)
    assert.ok(stdout.startsWith(`Usage: tsinfer ${name}`))
    assert.match(stdout, / --help /)
    assert.is((await tsinfer(['help', name])).stdout, stdout)
  }
  const { version } = JSON.parse(readFileSync(repositoryPath('package.json'), 'utf8'))
  for (const word of ['--version', '-v', 'version']) assert.is((await tsinfer([word])).stdout, `${version}\n`)
})

sharedTest(test, 'tokenize needs a vocabulary only', 'vectors/vocab', async (vocabularies) => {
  const path = join(vocabularies, 'ggml-vocab-qwen2.gguf')
  const text = 'Hello <|im_end|>'
  const parsed = JSON.parse((await tsinfer(['tokenize', path, '-p', text, '--json'])).stdout)
  const plain = JSON.parse((await tsinfer(['tokenize', path, '-p', text, '--no-parse-special', '--json'])).stdout)
  assert.is(plain.text, text)
  assert.ok(plain.ids.length > parsed.ids.length)
})

test('inspect --pair says whether one model can draft for the other', async () => {
  const draft = repositoryPath('cli/models/stories75K-draft.gguf')
  const { stdout } = await tsinfer(['inspect', MODEL, '--pair', draft])
  assert.match(stdout, /^draft model .*stories75K-draft\.gguf: fits$/m)
  const json = JSON.parse((await tsinfer(['inspect', MODEL, '--pair', draft, '--json'])).stdout)
  assert.equal(json.pair, { draft, fits: true, differences: [] })
})

test('bench measures speculation, and says what was accepted', async () => {
  const draft = repositoryPath('cli/models/stories75K-draft.gguf')
  const words = ['bench', MODEL, '-p', '0', '-n', '32', '-r', '1', '-o', 'json', '--spec', 'sync', '-md', draft]
  const [row] = JSON.parse((await tsinfer(words)).stdout)
  assert.is(row.test, 'tg32')
  assert.ok(row.acceptance > 0 && row.acceptance <= 1, String(row.acceptance))
  assert.ok(row.tok_s_median > 0 && row.tok_s_best > 0)
})

test.run()
