import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { namingFlags, readCommandLine } from '../../../cli/shell/arguments.ts'
import { commandHelp, generalHelp } from '../../../cli/shell/help.ts'
import {
  LOAD_OPTIONS,
  loadOptions,
  SAMPLING_OPTIONS,
  SPECULATION_OPTIONS,
  samplingOptions,
  speculationOptions,
} from '../../../cli/shell/options.ts'
import { TsinferError } from '../../../engine/errors.ts'
import { nearest } from '../../../engine/options/nearest.ts'

const TABLE = {
  ...LOAD_OPTIONS,
  ...SAMPLING_OPTIONS,
  prompt: { kind: 'text', names: ['-p', '--prompt'], value: 'TEXT', help: 'the prompt' },
  maxTokens: { kind: 'integer', names: ['-n', '--n-predict', '--predict'], value: 'N', least: -1, help: 'tokens' },
  ids: { kind: 'integers', names: ['--ids'], value: '1,2', least: 0, help: 'ids' },
  json: { kind: 'flag', names: ['--json'], help: 'JSON' },
} as const

const read = (...words: string[]) => readCommandLine(TABLE, words)
const refuses = (words: string[], message: RegExp): void =>
  assert.throws(
    () => read(...words),
    (error: unknown) => error instanceof TsinferError && error.code === 'option_invalid' && message.test(error.message),
    words.join(' '),
  )

test('short, long, multi-letter and inline spellings', () => {
  const { values, positionals } = read(
    'model.gguf',
    '-c',
    '0',
    '-ub',
    '64',
    '-ctk',
    'f16',
    '--temp=0.5',
    '-n=-1',
    '--json',
  )
  assert.equal(values, { context: 0, chunkRows: 64, kvTypeK: 'f16', temperature: 0.5, maxTokens: -1, json: true })
  assert.equal(positionals, ['model.gguf'])
})

test('values that begin with a dash', () => {
  assert.is(read('-n', '-1').values.maxTokens, -1)
  assert.is(read('-p', '- one').values.prompt, '- one')
  assert.is(read('-p=-n').values.prompt, '-n')
  assert.is(read('-p', '').values.prompt, '')
  assert.is(read('--prompt=a=b').values.prompt, 'a=b')
  refuses(['-p', '-n', '3'], /^-p: expected a value, found the option -n; write -p=-n if it is meant as a value$/)
})

test('the last of equal options counts', () => {
  assert.is(read('-n', '1', '--predict', '2', '--n-predict=3').values.maxTokens, 3)
})

test('after -- everything is an argument', () => {
  assert.equal(read('--json', '--', '-p', '--x').positionals, ['-p', '--x'])
})

test('lists of ids', () => {
  assert.equal(read('--ids', '1,403, 407').values.ids, [1, 403, 407])
  refuses(['--ids', '1,,2'], /^--ids: expected integers of at least 0 separated by commas, found ""$/)
  refuses(['--ids', '1,-2'], /^--ids: /)
  refuses(['--ids', ''], /^--ids: /)
})

test('numbers: form and bounds', () => {
  refuses(['-n', 'x'], /^-n: expected an integer of at least -1, found "x"$/)
  refuses(['-n', '1.5'], /^-n: /)
  refuses(['-n', '1e3'], /^-n: /)
  refuses(['-n', '-2'], /^-n: /)
  refuses(['--top-p', '1.5'], /^--top-p: expected a number from 0 to 1, found "1.5"$/)
  refuses(['--temp', ''], /^--temp: expected a number of at least 0, found ""$/)
  refuses(['--temp', 'inf'], /^--temp: /)
  refuses(['--temp', 'Infinity'], /^--temp: /)
  assert.is(read('--temp', '1e-3').values.temperature, 0.001)
})

test('flags in errors: the spelling that was typed', () => {
  refuses(['--predict', 'x'], /^--predict: expected an integer/)
  refuses(['--ctx-size=-1'], /^--ctx-size: /)
  refuses(['--cache-type-k', 'q4_0'], /^--cache-type-k: expected one of/)
  refuses(['--n-predict'], /^--n-predict: /)
  refuses(['--draft-max', '0'], /^--draft-max: expected an integer from 1 to 32, found "0"$/)
})

test('flags in errors: the library names options by key, the user hears the flag', () => {
  const { spellings } = read('-c', '5', '--spec-draft-n-min', '9', '--temperature', '1')
  const said = (message: string, code: 'option_invalid' | 'prompt_invalid' = 'option_invalid') =>
    (namingFlags(new TsinferError(code, message), TABLE, spellings) as TsinferError).message
  assert.is(said('context: expected at most 9, found 5'), '-c: expected at most 9, found 5')
  assert.is(said('temperature: expected a number'), '--temperature: expected a number')
  assert.is(
    said('draft.nMin: expected at most nMax, which is 4, found 9'),
    '--spec-draft-n-min: expected at most --spec-draft-n-max, which is 4, found 9',
  )
  assert.is(said('chunkRows: expected 1'), '-ub: expected 1')
  assert.is(said('the context is full, seed and threads stay'), 'the context is full, seed and threads stay')
  assert.is(said('context: a prompt', 'prompt_invalid'), 'context: a prompt')
  const other = new Error('context: x')
  assert.is(namingFlags(other, TABLE, spellings), other)
})

test('a flag that can be denied: the last one counts', () => {
  const table = { escape: { kind: 'flag', names: ['-e', '--escape'], offNames: ['--no-escape'], help: 'x' } } as const
  assert.equal(readCommandLine(table, []).values, {})
  assert.equal(readCommandLine(table, ['-e', '--no-escape']).values, { escape: false })
  assert.equal(readCommandLine(table, ['--no-escape', '--escape']).values, { escape: true })
  assert.match(commandHelp('x', 'y', table), /-e, --escape, --no-escape/)
})

test('lists that add up, and lists of a fixed length', () => {
  const table = {
    sizes: { kind: 'integers', names: ['-p'], least: 0, repeats: true, help: 'x' },
    pair: { kind: 'integers', names: ['-pg'], least: 0, repeats: true, count: 2, help: 'x' },
  } as const
  const { values } = readCommandLine(table, ['-p', '1,2', '-pg', '3,4', '-p=5', '-pg', '6,7'])
  assert.equal(values, { sizes: [1, 2, 5], pair: [3, 4, 6, 7] })
  assert.throws(
    () => readCommandLine(table, ['-pg', '1']),
    /-pg: expected 2 integers of at least 0 separated by commas, found "1"/,
  )
})

test('choices, flags and missing values', () => {
  refuses(['-ctk', 'q4_0'], /^-ctk: expected one of f32, f16, q8_0, found "q4_0"$/)
  refuses(['--json=1'], /^--json: expected no value, found "1"$/)
  refuses(['-n'], /^-n: expected an integer of at least -1 after it$/)
})

test('unknown options name the nearest', () => {
  refuses(['--tmep', '1'], /^--tmep: unknown option; did you mean --temp\?$/)
  refuses(['-mp', '1'], /^-mp: unknown option; did you mean -m\?$|^-mp: unknown option; did you mean -p\?$/)
  refuses(['--completely-different'], /^--completely-different: unknown option$/)
  refuses(['-mz', 'x'], /^-mz: unknown option/)
})

test('nearest word', () => {
  assert.is(nearest('tokenise', ['run', 'tokenize', 'topology']), 'tokenize')
  assert.is(nearest('rnu', ['run', 'bench']), 'run')
  assert.is(nearest('serve', ['run', 'bench']), undefined)
})

test('in the words of the library', () => {
  assert.equal(loadOptions(read('-c', '0', '-t', '2', '--kernels', 'plain').values), {
    context: 0,
    threads: 2,
    kernels: 'plain',
    experimentalV8: true,
  })
  assert.equal(samplingOptions(read('--temp', '0', '-s', '-1').values), { temperature: 0 })
  assert.equal(samplingOptions(read('-s', '7', '--repeat-last-n', '-1').values), { repeatLastN: -1, seed: 7 })
})

test('help lists every spelling and command', () => {
  const help = commandHelp('tsinfer run [MODEL]', 'Writes.', TABLE)
  assert.ok(help.startsWith('Usage: tsinfer run [MODEL]\n\nWrites.\n\nOptions:\n'))
  for (const { names } of Object.values(TABLE)) for (const name of names) assert.ok(help.includes(name), name)
  assert.match(generalHelp([{ name: 'run', summary: 'Write text.' }]), /\n {2}run {2}Write text\.\n/)
})

test('speculation, by its present and its older names', () => {
  const speak = (...words: string[]) => readCommandLine(SPECULATION_OPTIONS, words)
  const { values, notices } = speak('--spec', 'pipe', '--spec-draft-n-max=8', '--spec-draft-p-recovery', '0.1')
  assert.equal(speculationOptions(values), { speculation: 'pipe', draft: { nMax: 8, pRecovery: 0.1 } })
  assert.equal(notices, [])
  const older = speak('--draft-max', '6', '--draft-min=1', '--draft-p-min', '0.2')
  assert.equal(speculationOptions(older.values), { draft: { nMax: 6, nMin: 1, pMin: 0.2 } })
  assert.equal(older.notices, [
    '--draft-max: now called --spec-draft-n-max',
    '--draft-min: now called --spec-draft-n-min',
    '--draft-p-min: now called --spec-draft-p-min',
  ])
  assert.throws(() => speak('--spec', 'fast'), /--spec: expected one of off, sync, pipe, auto, found "fast"/)
  assert.not.match(commandHelp('x', 'y', SPECULATION_OPTIONS), /--draft-max/)
})

test.run()
