// The README's programs, taken out of it and run as they stand.
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { repositoryPath } from '../shared.ts'
import { readmeSamples } from './samples.ts'

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'tsinfer-readme-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

mkdirSync(join(folder, 'node_modules'))
symlinkSync(repositoryPath('.'), join(folder, 'node_modules', 'tsinfer'), 'junction')
symlinkSync(repositoryPath('node_modules/@types'), join(folder, 'node_modules', '@types'), 'junction')
cpSync(repositoryPath('cli/models/stories260K.gguf'), join(folder, 'model.gguf'))
writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
const samples = readmeSamples()
for (const { name, text } of samples) writeFileSync(join(folder, name), text)

const runNode = (...words: string[]) => run(process.execPath, words, { cwd: folder })

test('README: there is a plain program and one in TypeScript', () => {
  assert.equal(
    samples.map(({ name }) => name),
    ['story.mjs', 'story.ts'],
  )
})

test('README: the plain program runs as it is', async () => {
  const { stdout, stderr } = await runNode('story.mjs')
  assert.is(stderr, '')
  assert.match(stdout, /\w+ \w+ \w+.*tokens: 100/s)
})

test('README: the program in TypeScript compiles with libraries checked, and runs', async () => {
  const options = ['--strict', '--target', 'es2022', '--module', 'nodenext', '--types', 'node']
  await runNode(repositoryPath('node_modules/typescript/bin/tsc'), ...options, 'story.ts')
  const { stdout } = await runNode('story.js')
  assert.match(stdout, /\w+ \w+ \w+/)
})

test("README: Node's floor is package.json's, and stands on the first screen", () => {
  const { engines } = JSON.parse(readFileSync(repositoryPath('package.json'), 'utf8')) as { engines: { node: string } }
  const floor = engines.node.replace('>=', '')
  const firstScreen = readFileSync(repositoryPath('README.md'), 'utf8').split('\n').slice(0, 24).join('\n')
  assert.ok(firstScreen.includes(`Needs Node ${floor}`), floor)
})

test.run()
