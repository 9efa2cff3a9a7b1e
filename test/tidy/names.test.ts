// One name for one thing, one home for one constant: a search finds what it means, a change is made once.
import ts from 'typescript'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { constantsStatedTwice, literalsSpelledTwice, namesUsedTwice } from './declarations.ts'
import { readSourceTree } from './source-tree.ts'

const product = readSourceTree().filter(({ path }) => !/^(bench|test|kernels-as)\//.test(path))

/** Reports what is found and has no reason, and reasons for what is not found. */
function allowing(found: readonly string[], reasons: Readonly<Record<string, string>>): void {
  const listed = Object.keys(reasons)
  assert.equal(
    found.filter((one) => !listed.includes(one)),
    [],
  )
  assert.equal(
    listed.filter((one) => !found.includes(one)),
    [],
    'listed as an exception, and is none',
  )
}

test('a name stands for one thing', () => {
  allowing(namesUsedTwice(product), {
    command: 'every file of a command exports it, cli/commands.ts lists them',
  })
})

test('a constant is stated once', () => {
  allowing(constantsStatedTwice(product), {
    '300 MS: PATIENCE_MS WARM_UP_MS QUIET_MS': 'of a text in a queue, of a processor, of a bar that is not shown',
    '67108864 BYTES: TEXT_BYTES_MAX SESSION_NOTE_BYTES_MAX WEIGHT_BYTES_MIN WHOLE_BYTES':
      'of a file that is typed in, of a note; models below are not tried, files below are read whole',
    '65536 BYTES: READ_BYTES PAGE_BYTES SESSION_HEADER_BYTES_MAX FILE_BYTES_MAX PROGRESS_BYTES':
      "of a look at a header, WebAssembly's page, two kinds of files, a step of progress",
    '4096 BYTES: STOP_BYTES_MAX SAMPLE_BYTES': 'of stop strings, of a look at a tensor',
    '100 NESTING: VALUE_NESTING_MAX NESTING_MAX': 'of a call in an answer, of the source of a template',
    '1048576 BYTES: REPACK_BYTES PIECE_BYTES': "of a lane's window, of what is hashed at once",
  })
})

test('numbers and sentences are spelled out once', () => {
  const unicode = "Unicode's, which nobody changes"
  const generator = "of Numerical Recipes' generator, on both sides of the library's door"
  allowing(literalsSpelledTwice(product), {
    ...{ 55296: unicode, 56320: unicode, 57343: unicode, 57344: unicode, 1114111: unicode },
    ...{ 1664525: generator, 1013904223: generator },
  })
})

const file = (path: string, code: string) => ({
  path,
  tree: ts.createSourceFile(path, code, ts.ScriptTarget.Latest, true),
})

test('a name for two things is found', () => {
  const names = (...codes: string[]) => namesUsedTwice(codes.map((code, i) => file(`${i}.ts`, code)))
  assert.equal(names('export function f() {}', 'export const f = 1'), ['f'])
  assert.equal(names('export interface T {}', 'class T {}'), ['T'])
  assert.equal(names('type T = 1', 'interface T {}'), ['T'])
  assert.equal(names('const SOME_MAX = 1', 'const SOME_MAX = 2 ** 3'), ['SOME_MAX'])
  assert.equal(names('function f() {}', 'export const f = 1'), [], 'what is private to a file is found there')
  assert.equal(names("const END = '</call>'", "const END = '</s>'"), [], 'no number')
  assert.equal(names('export function f(): void\nexport function f() {}'), [], 'overloads')
})

test('a constant with two homes is found', () => {
  const constants = (...codes: string[]) => constantsStatedTwice(codes.map((code, i) => file(`${i}.ts`, code)))
  assert.equal(constants('const A_BYTES = 1 << 20', 'export const B_BYTES_MAX = 1_048_576'), [
    '1048576 BYTES: A_BYTES B_BYTES_MAX',
  ])
  assert.equal(constants("const A = 'general.name'", "const B = 'general.name'"), ['general.name: A B'])
  assert.equal(constants('const A_BYTES = 4096', 'const B_TOKENS = 4096'), [])
  assert.equal(constants('const A_BYTES = 16', 'const B_BYTES = 16'), [])
})

test('literals with two homes are found', () => {
  const literals = (...codes: string[]) => literalsSpelledTwice(codes.map((code, i) => file(`${i}.ts`, code)))
  assert.equal(literals('f(1664525)', 'const x = 1_664_525'), ['1664525'])
  assert.equal(literals("f('no token is left to draw')", "g('no token is left to draw')"), ['no token is left to draw'])
  assert.equal(literals('f(4096, 65535, 20_000, 255)', 'f(4096, 65535, 20_000, 255)'), [])
  assert.equal(
    literals("import 'a long name of a file'", "f('tokenizer.ggml.tokens')", "f('tokenizer.ggml.tokens')"),
    [],
  )
})

test.run()
