import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { longText } from '../../bench/text.ts'
import { repositoryPath } from '../shared.ts'

function bench(...words: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [repositoryPath('dist/bench/main.js'), ...words], {
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

test('what cannot be understood is one line and exit code 2', () => {
  for (const [words, line] of [
    [[], /^bench: bench: expected one of generate, .*, found none\n$/],
    [['cycels'], /^bench: cycels: unknown bench, .*; did you mean cycles\?\n$/],
    [['cycles', '--cyles', '3'], /^bench: --cyles: unknown option; did you mean --cycles\?\n$/],
    [['cycles', 'x'], /^bench: x: unexpected argument\n$/],
    [['generate', 'no-such'], /^bench: -m: expected a file, .* found no-such\n$/],
    // It has no products of its own.
    [['kernels', '--types', 'IQ2_XS'], /^bench: --types: expected some of F32, .* found IQ2_XS\n$/],
    [['peers', '--engines', 'x'], /^bench: --engines: expected some of tsinfer, .* found x\n$/],
    [['peers', '-p', '0', '-d', '0'], /^bench: expected a prompt or a depth, found none\n$/],
    [['invariance', '--node', '/no/such'], /^bench: --node: expected a Node binary, found \/no\/such\n$/],
  ] as const) {
    const { status, stdout, stderr } = bench(...words)
    assert.is(status, 2, stderr)
    assert.is(stdout, '')
    assert.match(stderr, line)
  }
})

test('help of all benches and of each', () => {
  const { status, stdout } = bench('--help')
  assert.is(status, 0)
  const names = [...stdout.matchAll(/^ {2}([a-z-]+) {2}/gm)].map(([, name]) => name!)
  assert.ok(names.includes('peers') && names.includes('generate'))
  for (const name of names) assert.match(bench(name, '--help').stdout, new RegExp(`^Usage: .* ${name} `))
})

test('a text of the length asked for, always the same', () => {
  assert.is(longText(300_000).length, 300_000)
  assert.is(longText(5000), longText(5000))
})

test.run()
