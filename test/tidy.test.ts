// The house rules that can be checked by reading the sources. A rule that nothing checks is a wish.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import ts from 'typescript'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { repositoryPath } from './shared.ts'
import { commentedOutCode } from './tidy/comments.ts'
import { importCycles, reachable } from './tidy/import-graph.ts'
import { inexactMath } from './tidy/inexact-math.ts'
import {
  commentLinesOf,
  exportedValuesOf,
  functionsOf,
  privateMembersOf,
  readSourceTree,
  type SourceFile,
} from './tidy/source-tree.ts'

const files = readSourceTree()
const product = files.filter(({ path }) => !/^(bench|test)\//.test(path))
const typescript = product.filter(({ path }) => !path.startsWith('kernels-as/'))

/** Reports all offences of a rule at once. */
const none = (offences: readonly string[]): void => assert.is(offences.join('\n'), '')

/** Offences of naming something, as `file: name`. A name with a dot is a property. */
const naming = (sources: readonly SourceFile[], names: RegExp): string[] =>
  sources.flatMap(({ path, names: found }) => [...found].filter((n) => names.test(n)).map((n) => `${path}: ${n}`))

const importing = (sources: readonly SourceFile[], targets: RegExp): string[] =>
  sources.flatMap(({ path, imports }) =>
    imports.filter(({ target }) => targets.test(target)).map(({ target }) => `${path} imports ${target}`),
  )

const FILE_LINES_MAX = 400
const FUNCTION_LINES_MAX = 60
const PARAMETERS_MAX = 5
/** Where a record would be made for every row of every layer, or a format has that many fields. */
const MANY_PARAMETERS = [
  'engine/model/activations.ts prepare',
  'engine/model/activations.ts multiply',
  'engine/model/matrix.ts multiply',
  'engine/model/memory/cells.ts writeReader',
  'engine/wire/codec.ts writeReturnEntry',
]

/** What is listed as an exception and is none any more. */
const stale = (listed: readonly string[], found: readonly string[]): string[] =>
  listed.filter((name) => !found.includes(name)).map((name) => `${name}: listed as an exception, and is none`)

test('files and functions are short', () => {
  const long = files.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
  const functions = typescript.flatMap((file) =>
    functionsOf(file).map((of) => ({ ...of, id: `${file.path} ${of.name}` })),
  )
  const over = functions.filter(({ lines }) => lines > FUNCTION_LINES_MAX)
  const wide = functions.filter(({ parameters }) => parameters > PARAMETERS_MAX)
  none([
    ...long.filter(({ lines }) => lines > FILE_LINES_MAX).map(({ path, lines }) => `${path}: ${lines} lines`),
    ...over.map(({ id, lines }) => `${id} has ${lines} lines`),
    ...wide
      .filter(({ id }) => !MANY_PARAMETERS.includes(id))
      .map(({ id, parameters }) => `${id}: ${parameters} parameters`),
    ...stale(
      MANY_PARAMETERS,
      wide.map(({ id }) => id),
    ),
  ])
})

test('what is exported is used elsewhere', () => {
  const users = new Map<string, Set<string>>()
  for (const { path, text } of files) {
    for (const word of text.match(/[A-Za-z_$][\w$]*/g) ?? []) {
      if (!users.has(word)) users.set(word, new Set())
      users.get(word)!.add(path)
    }
  }
  // The host of a thread calls the default export.
  none(
    typescript.flatMap((file) =>
      exportedValuesOf(file)
        .filter((name) => users.get(name)!.size === 1)
        .map((name) => `${file.path}: ${name}`),
    ),
  )
})

test('members are private by #', () => {
  none(
    files
      .filter(({ path }) => !path.startsWith('kernels-as/'))
      .flatMap((file) => privateMembersOf(file).map((name) => `${file.path}: ${name}`)),
  )
})

test('documents name files that exist', () => {
  const documents = [
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    ...readdirSync(repositoryPath('docs/design')).map((name) => `docs/design/${name}`),
  ]
  const future = ['cli/http/', 'kernels-as/types/']
  const named = documents.flatMap((document) => {
    const text = readFileSync(repositoryPath(document), 'utf8')
    return [...text.matchAll(/`((?:api|bench|cli|docs|engine|kernels-as|test|tokenizer)\/[\w./-]*)`/g)].map(
      ([, path]) => ({ document, path: path! }),
    )
  })
  none(
    named
      .filter(({ path }) => !future.includes(path) && !existsSync(repositoryPath(path)))
      .map(({ document, path }) => `${document}: ${path}`),
  )
})

test('a file is called by what it holds', () => {
  const vague = /(^|[-/.])(utils?|helpers?|managers?|common|misc)($|[-/.])|[^a-z0-9./-]/
  none(files.map(({ path }) => path).filter((path) => vague.test(path)))
})

/** With all that they import. */
const PURE = [
  /^engine\/(scheduler|kv|speculation|sampling|constraint)\//,
  /^engine\/model\/(config|memory\/(weights|plan|layout))\b/,
  /^engine\/(wire\/codec|load\/topology)\.ts$/,
  /^engine\/gguf\/(header|metadata)\.ts$/,
  /^tokenizer\/(jinja|answer)\//,
]

test('pure files touch no clock, no randomness, no threads, no system', () => {
  const pure = reachable(
    files,
    files.map(({ path }) => path).filter((path) => PURE.some((pattern) => pattern.test(path))),
  )
  const impure =
    /^(Atomics|SharedArrayBuffer|WebAssembly|Worker|MessageChannel|Date|performance|process|console|fetch|crypto|(set|clear)(Timeout|Interval|Immediate)|Math\.random)(\.|$)/
  none([...naming(pure, impure), ...importing(pure, /^node:/)])
})

/** Where a last bit may differ from engine to engine, each with what keeps it from the figures. */
const INEXACT: Readonly<Record<string, string>> = {
  'engine/speculation/auto/autopilot.ts': 'weighs times that a clock took',
  'engine/speculation/auto/forecast.ts': 'weighs times that a clock took',
  'tokenizer/jinja/operators.ts': "a template's own powers, whole ones exact",
}

test('public numbers depend on no last bit that the language leaves to the engine', () => {
  const found = typescript.map(({ path, tree }) => ({ path, uses: inexactMath(tree) }))
  none([
    ...found.filter(({ path }) => !(path in INEXACT)).flatMap(({ path, uses }) => uses.map((use) => `${path}: ${use}`)),
    ...Object.keys(INEXACT)
      .filter((path) => !found.some((file) => file.path === path && file.uses.length > 0))
      .map((path) => `${path}: listed as inexact, and is not`),
  ])
})

test('inexact arithmetic is found however it is reached', () => {
  const found = (code: string) => inexactMath(ts.createSourceFile('x.ts', code, ts.ScriptTarget.Latest, true)).length
  for (const code of [
    'Math.exp(x)',
    'const { exp } = Math',
    "Math['sin'](x)",
    'map(Math.log)',
    'const m = Math',
    'x ** 2',
    'x **= y',
    '2 ** x',
    '10 ** 3',
    'globalThis.Math.pow(x, y)',
    'Math.f16round(x) + Math.tanh(x)',
  ]) {
    assert.ok(found(code) > 0, code)
  }
  assert.is(found('Math.sqrt(x) + Math.PI * 2 ** 32 - 2 ** -52 + Math.max(...y) + x.exp(1)'), 0)
})

/** What was measured on this machine is kept in files. */
const KEPT = ['tuning', 'kept-costs', 'machine-key'].map((name) => `engine/load/${name}.ts`)

test('every door to the outside has one owner', () => {
  const except = (...owners: string[]) =>
    typescript.filter(({ path }) => !owners.some((owner) => path.startsWith(owner)))
  none([
    ...importing(except('engine/pipeline/pool.ts'), /^piscina/),
    ...importing(except('engine/gguf/file-source.ts', 'engine/files/', 'engine/session/', ...KEPT, 'cli/'), /^node:fs/),
    ...importing(except('cli/'), /^node:(https?|net|child_process)$/),
    ...importing(except('tokenizer/words.ts'), /^@huggingface\/tokenizers/),
    ...importing(except('tokenizer/jinja/syntax.ts'), /^@huggingface\/jinja/),
    ...naming(except('engine/model/kernels.ts'), /^WebAssembly(\.|$)/),
    ...naming(except('engine/pipeline/', 'engine/engine.ts', 'engine/conductor/'), /^Atomics(\.|$)/),
    ...naming(except('cli/'), /^(console|process\.(stdout|stderr))(\.|$)/),
  ])
})

test('a skipped test says why', () => {
  none(
    naming(
      files.filter(({ path }) => path !== 'test/shared.ts'),
      /^(\w+\.)?test\.skip$/,
    ),
  )
})

/** Parts of the engine, and which others they build on, types included. All may use the nouns. */
const PARTS: Readonly<Record<string, readonly string[]>> = {
  kv: [],
  options: ['speculation/policies'],
  'speculation/policies': [],
  // Behind the scheduler, which a draft model has one of.
  'speculation/drafters': ['speculation', 'scheduler', 'sampling', 'pipeline'],
  speculation: ['options'],
  scheduler: ['kv', 'speculation'],
  sampling: ['options'],
  constraint: ['sampling', 'options'],
  gguf: [],
  wire: [],
  model: ['gguf', 'wire'],
  pipeline: ['gguf', 'model', 'wire'],
}
/** Public types, but for their door. */
const PUBLIC = 'public/(?!index)[\\w-]+'
const NOUNS = `engine/(domain|errors|limits|quoted|real-math|${PUBLIC}).ts`

/** What files may import of the project; the first row that fits a path counts. */
const MAY_IMPORT: readonly (readonly [of: RegExp, allowed: RegExp])[] = [
  ...Object.entries(PARTS).map(
    ([part, others]) =>
      [RegExp(`^engine/${part}/`), RegExp(`^(engine/(${[part, ...others].join('|')})/|${NOUNS}$)`)] as const,
  ),
  [/^engine\/public\/index\.ts$/, /^engine\//],
  [/^engine\/public\//, /^engine\/(public\/(?!index)|domain\.ts$|speculation\/policies\/)/],
  [/^engine\//, /^engine\//],
  [/^tokenizer\//, /^(tokenizer\/|engine\/(gguf\/|(domain|errors|limits|quoted|public\/chat)\.ts$))/],
  [/^kernels-as\//, /^kernels-as\//],
  [/^cli\//, /^(cli\/|index\.ts$|api\/|engine\/(index|errors|quoted)\.ts$|engine\/options\/|tokenizer\/index\.ts$)/],
  [/^api\//, /^(api\/|engine\/(public\/)?index\.ts$|tokenizer\/)/],
  // The door.
  [/^index\.ts$/, /^(api\/|engine\/public\/index\.ts$|tokenizer\/)/],
]

test('arrows point one way', () => {
  none(
    product.flatMap(({ path, imports }) => {
      const [, allowed] = MAY_IMPORT.find(([of]) => of.test(path))!
      return imports
        .filter(({ target }) => target.endsWith('.ts') && !allowed.test(target))
        .map(({ target }) => `${path} imports ${target}`)
    }),
  )
})

test('imports go round in no circle, types included', () => {
  none(importCycles(files.filter(({ path }) => !path.startsWith('test/'))).map((cycle) => cycle.join(' -> ')))
})

test('every file is used', () => {
  const imported = new Set(files.flatMap(({ imports }) => imports.map(({ target }) => target.replace(/\.ts$/, ''))))
  const text = typescript.map((file) => file.text).join('\n')
  // Threads are started from the compiled file.
  const isStarted = (name: string) => text.includes(`${name.split('/').at(-1)}.js'`)
  const entries = ['index', 'cli/main', 'kernels-as/index']
  // build.mjs compiles every file of these folders.
  const isExported = (name: string) => /^kernels-as\/(ops|types)\//.test(name)
  const names = product.map(({ path }) => path.replace(/\.ts$/, ''))
  none(names.filter((name) => !imported.has(name) && !entries.includes(name) && !isExported(name) && !isStarted(name)))
})

test('every file of the root is packed', () => {
  const { files: packed } = JSON.parse(readFileSync(repositoryPath('package.json'), 'utf8')) as { files: string[] }
  const needed = product.filter(({ path }) => !path.includes('/')).map(({ path }) => `dist/${path}`)
  none(
    needed
      .flatMap((path) => [path.replace(/ts$/, 'js'), path.replace(/ts$/, 'd.ts')])
      .filter((path) => !packed.includes(path)),
  )
})

test('no code is commented out', () => {
  none(files.flatMap((file) => commentedOutCode(commentLinesOf(file)).map((line) => `${file.path}:${line}`)))
})

test('code is told from sentences', () => {
  const found = (...texts: string[]) => commentedOutCode(texts.map((text, i) => ({ line: i, text }))).length
  const code = ['const x = 1', 'if (ready) {', "import { a } from './b.ts'", 'return x;', 'this.count += 1', '} else {']
  assert.is(found(...code, 'sample(top, row);', 'sampler.sample(row)', 'throw new Error()'), code.length + 3)
  const sentences = [
    'return to the caller when nothing is left',
    'if the file is cut, the reader says so',
    'type of the elements = what the file says',
    'let the scheduler decide (see events.ts)',
    'out[i] = sum of w[i][j] x[j], for all rows',
    'for every row: its position',
    'sqrt(2 / pi)',
    '',
  ]
  assert.is(found(...sentences), 0)
})

test('cycles are found', () => {
  const file = (path: string, ...targets: string[]) =>
    ({ path, imports: targets.map((target) => ({ target, isTypeOnly: false })) }) as unknown as SourceFile
  assert.equal(importCycles([file('a', 'b', 'c'), file('b', 'c'), file('c')]), [])
  assert.equal(importCycles([file('a', 'b'), file('b', 'c'), file('c', 'b')]), [['b', 'c', 'b']])
})

test.run()
