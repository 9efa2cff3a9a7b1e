// docs/models.md says nothing that no test stands for.
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RECIPES } from '../../bench/forge/recipes.ts'
import { ARCHITECTURES } from '../../engine/model/architectures/list.ts'
import { REASONING_TAGS } from '../../tokenizer/answer/reasoning.ts'
import { TOOL_FORMATS } from '../../tokenizer/answer/tool-formats.ts'
import { PRE_TOKENIZER_NAMES } from '../../tokenizer/pre-tokenizers.ts'
import { fixtureOf } from '../engine/forged-model.ts'
import { repositoryPath, sharedTest } from '../shared.ts'
import { BYTE_TOKENS, fakeVocabulary } from '../tokenizer/fake-metadata.ts'

const text = readFileSync(repositoryPath('docs/models.md'), 'utf8')
/** Cells of the table whose first column has this title. */
function rowsOf(title: string): string[][] {
  const lines = text.split('\n')
  const first = lines.findIndex((line) => line.startsWith(`| ${title} `))
  const end = lines.findIndex((line, i) => i > first && !line.startsWith('|'))
  return lines.slice(first + 2, end).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('\\|', '|')),
  )
}
const quoted = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => name!)
const column = (index: number) => new Set(rowsOf('family').flatMap((cells) => quoted(cells[index]!)))

test('every architecture has families, and every family a known architecture', () => {
  assert.equal([...column(1)].sort(), [...ARCHITECTURES.keys()].sort())
  assert.ok(rowsOf('family').length >= 12)
})

test('every tokenizer is compared with llama.cpp', () => {
  for (const name of column(2)) assert.ok(PRE_TOKENIZER_NAMES.flat().includes(name), name)
})

test('reasoning is marked by tags that are known', () => {
  for (const tag of column(5))
    assert.ok(
      REASONING_TAGS.some(({ open }) => open === tag),
      tag,
    )
})

test('tool calls are of formats that are known', () => {
  const names = TOOL_FORMATS.map(({ name }) => name)
  for (const [family, , , , format] of rowsOf('family')) assert.ok(format === '-' || names.includes(format!), family)
})

test('a turn ends at the tokens that are named', () => {
  for (const end of column(6)) {
    const tokens = ['<unk>', '<s>', '<eos>', ...BYTE_TOKENS, end]
    const { endOfGeneration } = fakeVocabulary({ model: 'llama', tokens })
    assert.ok(endOfGeneration.includes(tokens.length - 1), end)
  }
})

test('the table of parity has every model and type that is compared', () => {
  const found = rowsOf('model').map(([model, type]) => `${quoted(model!)[0]} ${type}`)
  const expected = Object.keys(RECIPES).flatMap((name) =>
    Object.keys(fixtureOf(name).runs).map((type) => `${name} ${type}`),
  )
  assert.equal(found, expected)
})

sharedTest(test, 'every chat template has golden renderings', 'vectors/chat/jinja', (folder) => {
  const templates = readdirSync(folder)
  for (const name of column(3)) assert.ok(templates.includes(`${name}.jinja`), name)
})

test.run()
