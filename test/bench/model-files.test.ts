import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { forgeArguments, modelFile } from '../../bench/model-files.ts'
import { TsinferError } from '../../engine/errors.ts'
import { repositoryPath } from '../shared.ts'

test('names of models that can be forged', () => {
  assert.equal(forgeArguments('1b-Q4_0'), ['--shape', '1b', '--type', 'Q4_0'])
  assert.equal(forgeArguments('160m-Q4_0-Q6_K-Q8_0'), [
    ...['--shape', '160m', '--type', 'Q4_0'],
    ...['--head', 'Q6_K', '--down', 'Q8_0'],
  ])
  assert.equal(forgeArguments('1b-Q4_K_M'), ['--shape', '1b', '--type', 'Q4_K', '--head', 'Q6_K', '--down', 'Q6_K'])
  assert.equal(forgeArguments('5g-Q8_0-zeros'), ['--shape', '5g', '--type', 'Q8_0', '--zeros'])
  assert.equal(forgeArguments('wide-160m-F16')?.slice(2), ['--shape', '160m', '--type', 'F16'])
  assert.match(forgeArguments('wide-160m-F16')![1]!, /stories260K/)
  assert.match(forgeArguments('wide-draft-160m-F16')![1]!, /stories75K-draft/)
  assert.equal(forgeArguments('wide-wrong-160m-F16')?.slice(2, 4), ['--head-shift', '1'])
})

test('anything else is no such name', () => {
  for (const name of [
    '',
    '1b',
    '2b-Q4_0',
    '1b-Q9_0',
    '1b-Q4_0-',
    '1b-Q4_0-Q6_K-Q6_K-Q6_K',
    '1b-Q4_K_M-F16',
    'zeros',
    'draft-1b-F16',
  ]) {
    assert.is(forgeArguments(name), undefined, name)
  }
  assert.is(forgeArguments('wide-160m-F16-zeros'), undefined)
})

test('files are taken as they are, forged ones are found again', () => {
  const cache = mkdtempSync(join(tmpdir(), 'tsinfer-'))
  try {
    assert.is(modelFile('stories260K', cache), repositoryPath('cli/models/stories260K.gguf'))
    const own = join(cache, 'own.gguf')
    writeFileSync(own, '')
    assert.is(modelFile(own, cache), own)
    writeFileSync(join(cache, '1b-F16.gguf'), '')
    assert.is(modelFile('1b-F16', cache), join(cache, '1b-F16.gguf'))
    assert.throws(
      () => modelFile('1c-F16', join(cache, 'none')),
      (error: TsinferError) => error instanceof TsinferError && error.code === 'option_invalid',
    )
    assert.not(existsSync(join(cache, 'none')))
  } finally {
    rmSync(cache, { recursive: true })
  }
})

test.run()
