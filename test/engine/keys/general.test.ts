// Metadata keys of a whole file that are no architecture's: what llama.cpp makes of each was recorded by `bench keys`.
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rewriteModel } from '../../../bench/forge/rewrite.ts'
import { GENERAL_RECIPE, generalChanges } from '../../../bench/record/keys/general-changes.ts'
import { ourAnswer } from '../../../bench/record/keys/ours.ts'
import { areClose, type KeysFixture, LIMITS } from '../../../bench/record/keys/prompt.ts'
import { repositoryPath } from '../../shared.ts'
import { forged } from '../forged-model.ts'
import { temporaryPath } from '../gguf/temporary.ts'

const fixture: KeysFixture = JSON.parse(readFileSync(repositoryPath('test/fixtures/keys/shared/general.json'), 'utf8'))

/** Where the two do otherwise, and why. */
const ON_PURPOSE: Readonly<Record<string, string>> = {
  'general.type = "adapter" (string)': 'a file that says it is no model is not run as one',
  'general.type = "mmproj" (string)': 'likewise',
  'general.type = "imatrix" (string)': 'likewise',
  'general.type = "vocab" (string)': 'likewise',
}

test('metadata keys: what llama.cpp follows of a file is followed, what it ignores ignored, what it refuses refused', async () => {
  const changes = generalChanges()
  assert.is(changes.length, fixture.changes)
  const base = forged(GENERAL_RECIPE, 'F16')
  const path = temporaryPath('general.gguf')
  const refused = new Set(fixture.refused)
  const different: string[] = []
  for (const { name, item } of changes) {
    rewriteModel(path, base, [item])
    const ours = await ourAnswer(path)
    const expected = fixture.followed[name] ?? fixture.figures
    const isSame = 'refused' in ours ? refused.has(name) : areClose(ours.figures, expected, LIMITS.engines)
    if (!isSame || ('figures' in ours && refused.has(name))) different.push(name)
  }
  assert.equal(different, Object.keys(ON_PURPOSE))
})

test.run()
