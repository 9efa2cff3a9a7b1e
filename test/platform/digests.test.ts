// The same bits as on every other platform. Continuous integration runs `digests.ts` on others, in emulators.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { COMPUTABLE_TYPES } from '../../engine/gguf/ggml-types.ts'
import { differences, platformDigests, recordedDigests } from './digests.ts'

test('platform digests: every weight type and a model have the recorded bits', async () => {
  const found = await platformDigests()
  assert.equal(differences(found, recordedDigests()), [])
  assert.is(Object.keys(found).length, COMPUTABLE_TYPES.length + 1)
  assert.is(new Set(Object.values(found)).size, COMPUTABLE_TYPES.length + 1, 'each type has bits of its own')
})

test('platform digests: whatever differs or is missing is told', () => {
  assert.equal(differences({ a: '1', b: '2' }, { a: '1', c: '3' }), [
    'c: recorded 3, found undefined',
    'b: recorded undefined, found 2',
  ])
})

test.run()
