import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  COMPUTABLE_TYPES,
  describeUnknownType,
  type GgmlTypeName,
  ggmlType,
  ggmlTypeOfId,
  isComputable,
  isGeneric,
  rowBytes,
} from '../../../engine/gguf/ggml-types.ts'
import { sharedTest } from '../../shared.ts'

test('ids and names lead to the same record; withdrawn ids to none', () => {
  let known = 0
  for (let id = 0; id < 64; id++) {
    const type = ggmlTypeOfId(id)
    if (type === undefined) continue
    assert.is(ggmlType(type.name), type)
    known++
  }
  assert.is(known, 35)
  for (const id of [4, 5, 31, 32, 33, 36, 37, 38, -1, 2 ** 32 - 1]) assert.is(ggmlTypeOfId(id), undefined)
})

test('withdrawn types are named, with what to quantize to', () => {
  assert.match(
    describeUnknownType(31),
    'type 31, Q4_0_4_4, which ggml has withdrawn: quantize the model again, to Q4_0',
  )
  for (const id of [4, 5, 31, 32, 33, 36, 37, 38])
    assert.match(describeUnknownType(id), /quantize the model again, to I?Q4/)
  for (const id of [43, 142, 2 ** 32 - 1]) assert.match(describeUnknownType(id), `type ${id}: written for a newer ggml`)
})

test('computable types', () => {
  assert.ok(COMPUTABLE_TYPES.every(isComputable))
  assert.ok(isGeneric('IQ2_XXS') && !isGeneric('Q4_0'))
  assert.not.ok(isComputable('Q8_K'))
  assert.is(rowBytes('Q4_K', 512), 288)
  assert.is(rowBytes('BF16', 3), 6)
})

sharedTest(test, 'block sizes are those of ggml', 'vectors/quant', (folder) => {
  const { types } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'))
  const names = Object.keys(types)
  assert.ok(names.length >= 20)
  for (const name of names) {
    const elements = statSync(join(folder, `${name}.dequant.f32.bin`)).size / 4
    assert.is(rowBytes(name as GgmlTypeName, elements), statSync(join(folder, `${name}.blocks.bin`)).size, name)
  }
})

test.run()
