import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { COMPUTABLE_TYPES, GENERIC_TYPES, ggmlType, isGeneric, KERNEL_TYPES } from '../../../engine/gguf/ggml-types.ts'
import {
  activationBytes,
  activationFormat,
  dequantizeKernel,
  matrixKernels,
  packedBytes,
  packedGroupBytes,
} from '../../../engine/model/formats.ts'
import { compileKernels, createStageMemory, instantiateKernels } from '../../../engine/model/kernels.ts'
import { codebookBytes, codebookOf, codebookVectors } from '../../../engine/model/memory/codebooks.ts'
import { kernelBytes } from '../../kernels-as/harness.ts'

const kernels = instantiateKernels(compileKernels(kernelBytes('plain')), createStageMemory(1))

test('repacked matrices stay within 1.03 of the file where rows fill groups', () => {
  for (const type of COMPUTABLE_TYPES) {
    const { blockElements, blockBytes } = ggmlType(type)
    for (const k of [256, 512, 2048, 14336]) {
      const fileBytes = (k / blockElements) * blockBytes * 64
      const packed = packedBytes(type, 64, k)
      assert.ok(packed >= fileBytes && packed <= fileBytes * 1.03, `${type} ${k}: ${packed} for ${fileBytes}`)
    }
  }
})

test('a last group is padded', () => {
  for (const type of COMPUTABLE_TYPES) {
    assert.is(packedBytes(type, 9, 512), 2 * packedGroupBytes(type, 512), type)
    // Generic weights are not read as vectors.
    if (isGeneric(type)) continue
    assert.is(packedGroupBytes(type, 512) % 16, 0, `${type}: groups keep vectors aligned`)
  }
})

test('every type has its kernels', () => {
  for (const type of KERNEL_TYPES) {
    assert.is(dequantizeKernel(kernels, type), undefined)
    const { repack, matmul, embedRow, packedGroupBytes: groupBytes } = matrixKernels(kernels, type)
    for (const kernel of [repack, matmul, embedRow]) assert.type(kernel, 'function')
    assert.is(groupBytes(512), packedGroupBytes(type, 512))
  }
  for (const type of GENERIC_TYPES) {
    assert.type(dequantizeKernel(kernels, type), 'function')
    const name = codebookOf(type)
    assert.is(name === undefined, !type.startsWith('IQ'), type)
    if (name) assert.is(codebookVectors(name).length, codebookBytes(name))
  }
})

test('float and generic weights take f32 rows, quantized ones q8 rows', () => {
  for (const type of COMPUTABLE_TYPES) {
    const isFloat = ['F32', 'F16', 'BF16'].includes(type) || isGeneric(type)
    assert.is(activationFormat(type), isFloat ? 'f32' : 'q8', type)
  }
  assert.is(activationBytes('f32', 172), 688)
  assert.is(activationBytes('q8', 64), 256)
})

test('types without kernels are known as such', () => {
  for (const type of ['I8', 'F64', 'toString', '']) assert.throws(() => packedBytes(type, 1, 256), /no kernels for/)
})

test.run()
