// Every format of tool calls against recorded answers, one file of them for each: whole, split anywhere in two, letter by
// letter and in random pieces.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { answerReading } from '../../../tokenizer/answer/answer-splitter.ts'
import { CALL_MARKS, TOOL_FORMATS, toolFormats } from '../../../tokenizer/answer/tool-formats.ts'
import { repositoryPath, sharedTest } from '../../shared.ts'
import { splitInPieces } from './in-pieces.ts'
import { offered, TOOL_NAMES } from './offered.ts'

interface Case {
  readonly name: string
  readonly text: string
  readonly calls: readonly (readonly [name: string, args: unknown])[]
  readonly content?: string
  readonly reasoning?: string
  /** Those that the model gave. */
  readonly ids?: readonly string[]
  /** The tag that the prompt ends with. */
  readonly inside?: string
  readonly tools?: readonly string[]
}

interface Cases {
  readonly format: string
  /** A sign of it, as the format's templates have it. */
  readonly template: string
  /** Templates in `shared` that have one. */
  readonly templates?: readonly string[]
  readonly cases: readonly Case[]
}

const folder = repositoryPath('test/tokenizer/answer/tool-formats')
const files = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Cases)

/** What is read of a case whose text comes in pieces of these sizes, and what is left. */
function read({ text, inside = '', tools = TOOL_NAMES }: Case, template: string, sizes: readonly number[]) {
  const from = answerReading(inside, template, offered(tools), () => 'new')
  const { reasoning, content, calls } = splitInPieces(text, from, sizes)
  return {
    reasoning,
    content,
    calls: calls.map(({ function: { name, arguments: args } }) => [name, JSON.parse(args)]),
    ids: calls.map(({ id }) => id),
  }
}

test('every format has its cases', () => {
  assert.equal(files.map(({ format }) => format).sort(), TOOL_FORMATS.map(({ name }) => name).sort())
  for (const { format, cases } of files) assert.ok(cases.length >= 6, format)
})

test('what may be a control token of a format is no token that answers leave out', () => {
  const marks = new Set(CALL_MARKS)
  for (const { format, cases } of files) {
    for (const { name, text } of cases) {
      for (const [mark] of text.matchAll(/<\/?[|｜][^<>|｜]+[|｜]>|\[[A-Z]+_[A-Z]+\]/g))
        assert.ok(marks.has(mark), `${format}: ${name}: ${mark}`)
    }
  }
})

for (const { format, template, cases } of files) {
  test(format, () => {
    for (const one of cases) {
      const { name, text, calls, content = '', reasoning = '', ids = calls.map(() => 'new') } = one
      const expected = { reasoning, content, calls, ids }
      assert.equal(read(one, template, []), expected, `${format}: ${name}`)
      for (let at = 1; at < text.length; at++) {
        assert.equal(read(one, template, [at]), expected, `${format}: ${name}, split at ${at}`)
      }
      assert.equal(read(one, template, new Array<number>(text.length).fill(1)), expected, `${name}, letter by letter`)
      fc.assert(
        fc.property(fc.array(fc.nat(12), { maxLength: text.length }), (sizes) => {
          assert.equal(read(one, template, sizes), expected)
        }),
        { numRuns: 20 },
      )
    }
  })
}

sharedTest(test, 'templates are recognised by their signs', 'vectors/chat/jinja', (shared) => {
  for (const { format, templates = [] } of files) {
    for (const name of templates) {
      const found = toolFormats(readFileSync(join(shared, `${name}.jinja`), 'utf8'))
      assert.ok(
        found.some((one) => one.name === format),
        `${name}: ${format}`,
      )
      assert.ok(found.length < TOOL_FORMATS.length / 2, name)
    }
  }
})

sharedTest(test, 'what failed in use', 'cases/tool-calls', (shared) => {
  const cases = JSON.parse(readFileSync(join(shared, 'cases.json'), 'utf8')) as {
    readonly name: string
    readonly text: string
    readonly tools: readonly string[]
    readonly right: readonly (readonly [string, unknown])[]
  }[]
  assert.ok(cases.length > 0)
  for (const { name, text, tools, right } of cases) {
    for (const template of ['', '<tool_call>']) {
      const bare = tools.map((tool) => ({ type: 'function' as const, function: { name: tool } }))
      for (let at = 0; at <= text.length; at++) {
        const { calls, content } = splitInPieces(
          text,
          answerReading('', template, bare, () => ''),
          [at],
        )
        assert.equal(
          calls.map(({ function: of }) => [of.name, JSON.parse(of.arguments)]),
          right,
          name,
        )
        assert.is(content, '')
      }
    }
  }
})

test.run()
