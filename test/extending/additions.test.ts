// A policy, a drafter, a filter of sampling, a format of tool calls and a command are each one new file and one line of a list. All are added to
// one copy of the repository, which is built once, and run through the whole engine.
import { execFileSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { repositoryPath } from '../shared.ts'
import { type CopiedTree, copyTree } from './copied-tree.ts'

const CLI = 'dist/cli/main.js'
const TOKENS = 60
const FILTERED_SEED = '77'

interface Answer {
  readonly ids: readonly number[]
  readonly stats: {
    readonly policy: string
    readonly drafter: string
    readonly drafted: number
    readonly accepted: number
  }
}

const request = (...more: string[]): string[] => [
  ...['run', '--ids', '1', '-n', `${TOKENS}`, '--ignore-eos', '--json', '-t', '2', ...more],
]
const GREEDY = ['--temp', '0', '-s', '1']

/** What the repository itself says, plainly. */
const plainly = (...more: string[]): Answer =>
  JSON.parse(execFileSync(process.execPath, [repositoryPath(CLI), ...request(...more)], { encoding: 'utf8' }))

const text = plainly(...GREEDY).ids

const POLICY = `// Drafts as \`sync\` does, and sends every second guess.
import type { Policy } from './policy.ts'

export const second: Policy = {
  name: 'second',
  asks: 'always',
  waits: true,
  retries: 'certain',
  goesAlong: () => true,
  isTimeToSend: () => false,
  worth: ({ path }) => path,
  select: (pending) => pending.filter((_, i) => i % 2 === 0),
}
`

const DRAFTER = `// Guesses that every text is the same one.
import type { DrafterKind } from './drafter.ts'
import { PROBABILITY_ONE } from '../guess.ts'

const TEXT = ${JSON.stringify(text)}

export const fixedText: DrafterKind = {
  preference: 2,
  create: ({ host }) => ({
    name: 'fixed text',
    begin() {},
    accept() {},
    ask({ question, length, assumed, count }) {
      // The prompt is one token.
      const from = length - 1 + assumed.length
      const tokens = TEXT.slice(from, from + count)
      host.answer(question, tokens.map((token, i) => ({ parent: i - 1, token, probability: PROBABILITY_ONE })))
    },
    withdraw() {},
    end() {},
    collect: () => false,
  }),
}
`

const FILTER = `// Keeps even ids, for one seed.
import type { LogitFilterKind } from './filter.ts'

export const evenIds: LogitFilterKind = {
  sampler: 'always',
  works: 'on logits',
  isActive: ({ seed }) => seed === ${FILTERED_SEED},
  create: () => ({
    mayRaise: false,
    banning: [],
    change: (token, logit) => (token % 2 === 0 ? logit : Number.NEGATIVE_INFINITY),
  }),
}
`

const COMMAND = `// \`tsinfer echo\`: prints its words.
import { defineCommand } from './shell/command.ts'
import { write } from './shell/output.ts'

export const command = defineCommand({
  usage: '[WORD ...]',
  positionalsMax: 9,
  options: {},
  run: async ({ positionals }) => write(\`\${positionals.join(' ')}\\n\`),
})
`

const FORMAT = `// Tells what is to be done: TELL name {...}
import { readJsonValue } from '../json-calls.ts'
import type { ToolFormat } from './format.ts'

export const tell: ToolFormat = {
  name: 'tell',
  signs: ['TELL'],
  opens: ['TELL '],
  *read(text, tools) {
    const name = yield* text.run(/\\w*/y)
    yield tools.call(name, yield* readJsonValue(text))
  },
}
`

/** Adds one file, and one line to a list behind a line of it. */
function add(to: CopiedTree, file: string, source: string, list: string, after: string, line: string): void {
  to.write(file, source)
  to.addLine(list, after, line)
}

let tree: CopiedTree
const run = async (...more: string[]): Promise<Answer> => JSON.parse(await tree.node(CLI, ...request(...more)))

test.before(async () => {
  tree = copyTree()
  const policies = 'engine/speculation/policies'
  add(tree, `${policies}/second.ts`, POLICY, `${policies}/list.ts`, './pipe.ts', "export { second } from './second.ts'")
  const drafters = 'engine/speculation/drafters'
  add(
    ...([tree, `${drafters}/fixed-text.ts`, DRAFTER] as const),
    ...([`${drafters}/list.ts`, './draft-model.ts', "export { fixedText } from './fixed-text.ts'"] as const),
  )
  const filters = 'engine/sampling/filters'
  add(
    ...([tree, `${filters}/even-ids.ts`, FILTER] as const),
    ...([`${filters}/list.ts`, './logit-bias.ts', "export { evenIds } from './even-ids.ts'"] as const),
  )
  const formats = 'tokenizer/answer/tool-formats'
  add(tree, `${formats}/tell.ts`, FORMAT, `${formats}/list.ts`, './olmo3.ts', "export { tell } from './tell.ts'")
  const line = "  entry('echo', 'Print words.', () => import('./echo.ts')),"
  add(tree, 'cli/echo.ts', COMMAND, 'cli/commands.ts', "entry('topology'", line)
  await tree.build()
})

test.after(() => tree.remove())

test('a drafter: what it guesses is sent, and accepted where it is right', async () => {
  const { ids, stats } = await run(...GREEDY, '--spec', 'sync')
  assert.equal(ids, text)
  assert.is(stats.drafter, 'fixed text')
  assert.is(stats.accepted, stats.drafted)
  // The first token comes with the prompt. Eleven rounds of four guesses bring five tokens each, the last one brings four.
  assert.is(stats.accepted, 11 * 4 + 3)
  // Where it is wrong, the text is the same nevertheless.
  const sampled = ['--temp', '1', '-s', '5']
  const other = await run(...sampled, '--spec', 'pipe')
  assert.equal(other.ids, plainly(...sampled).ids)
  assert.ok(other.stats.accepted < other.stats.drafted)
})

test('a policy: options, types and messages know its name, and it decides what is sent', async () => {
  const { ids, stats } = await run(...GREEDY, '--spec', 'second')
  assert.equal(ids, text)
  assert.is(stats.policy, 'second')
  // Of four guesses in a row the first goes out, the third has nothing to follow.
  assert.is(stats.drafted, (TOKENS - 2) / 2)
  const refused = await run('--spec', 'fast').catch((error: Error) => error.message)
  assert.match(String(refused), /--spec: expected one of off, sync, pipe, second, auto, found "fast"/)
})

test('a filter of sampling: it rules out tokens, whichever way they are drawn', async () => {
  for (const temperature of ['0', '1.2']) {
    const { ids } = await run('--temp', temperature, '-s', FILTERED_SEED)
    assert.is(ids.length, TOKENS)
    assert.is(
      ids.find((id) => id % 2 !== 0),
      undefined,
      temperature,
    )
  }
  assert.ok(text.some((id) => id % 2 !== 0))
  // Drafts are accepted as the filter has it.
  const drafted = await run('--temp', '1.2', '-s', FILTERED_SEED, '--spec', 'sync')
  assert.equal(drafted.ids, (await run('--temp', '1.2', '-s', FILTERED_SEED)).ids)
})

test('a format of tool calls: templates with its sign are answered in it', async () => {
  tree.write('tell.jinja', 'TELL')
  tree.write('tell.json', JSON.stringify([{ type: 'function', function: { name: 'add' } }]))
  const files = ['--chat-template-file', tree.path('tell.jinja'), '--tools', tree.path('tell.json')]
  const answer = await tree.node(CLI, 'parse', ...files, '-p', 'So: TELL add {"a": 1}', '--json')
  assert.equal(JSON.parse(answer), {
    reasoning: '',
    content: 'So:',
    tool_calls: [{ name: 'add', arguments: { a: 1 } }],
  })
})

test('a command: it runs, and help lists it', async () => {
  assert.is(await tree.node(CLI, 'echo', 'one', 'two'), 'one two\n')
  assert.match(await tree.node(CLI, '--help'), /echo +Print words\./)
})

test.run()
