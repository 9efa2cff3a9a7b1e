// What compilers of users read: the declarations that index.d.ts reaches. Real compilers read them in test/ecosystem.
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { repositoryPath } from '../shared.ts'

const root = repositoryPath('dist')

/** Every declaration file that `path` reaches, with its text. */
function declarationsFrom(path: string, found = new Map<string, string>()): Map<string, string> {
  if (found.has(path)) return found
  const text = readFileSync(path, 'utf8')
  found.set(path, text)
  for (const [, target] of text.matchAll(/(?:from |import\()['"](\.[^'"]+)\.(?:ts|js)['"]/g)) {
    declarationsFrom(join(dirname(path), `${target}.d.ts`), found)
  }
  return found
}

test('types for users: nothing that TypeScript 5.4 or a project without @types/node lacks', () => {
  const declarations = declarationsFrom(join(root, 'index.d.ts'))
  assert.ok(declarations.size >= 6, 'the types are spread over several files')
  // Typed arrays have type parameters since 5.7; shared memory and threads are the engine's own.
  const foreign =
    /\b(?:Int|Uint|Float|BigInt|BigUint)\d+(?:Clamped)?Array<|\bSharedArrayBuffer\b|\bMessagePort\b|['"]node:|\bErrorOptions\b|\bNodeJS\./
  const offences = [...declarations].flatMap(([path, text]) =>
    text
      .split('\n')
      .filter((line) => foreign.test(line))
      .map((line) => `${relative(root, path)}: ${line.trim()}`),
  )
  assert.is(offences.join('\n'), '')
})

test('types for users: whoever names a disposable brings its library along', () => {
  for (const [path, text] of declarationsFrom(join(root, 'index.d.ts'))) {
    if (!/\b(?:Async)?Disposable\b/.test(text)) continue
    assert.match(text, /^\/\/\/ <reference lib="esnext\.disposable"/, relative(root, path))
  }
})

test('types for CommonJS: index.d.cts declares every value of the library, and no other', async () => {
  const values = Object.keys(await import('../../index.ts')).sort()
  const text = readFileSync(repositoryPath('index.d.cts'), 'utf8')
  const declared = [...text.matchAll(/^export declare const (\w+): typeof tsinfer\.(\w+)$/gm)]
  for (const [, name, source] of declared) assert.is(name, source)
  assert.equal(declared.map(([, name]) => name!).sort(), values)
})

test.run()
