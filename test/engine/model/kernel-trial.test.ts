import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { KERNEL_TYPES } from '../../../engine/gguf/ggml-types.ts'
import { compileAnew, enableRelaxedSimd } from '../../../engine/kernel-builds.ts'
import { CASES_MEMORY_BYTES, type KernelCase, kernelCases } from '../../../engine/model/kernel-cases.ts'
import { isOptimizedAlike, type Trial } from '../../../engine/model/kernel-trial.ts'
import { createStageMemory, instantiateKernels, type Kernels } from '../../../engine/model/kernels.ts'

enableRelaxedSimd()

/** Kernels are told apart by identity; a clock that the cases move. */
const [baseline, candidate] = [{} as Kernels, {} as Kernels]

/** A candidate that becomes fast after `slowCalls`, and then writes `later`. */
function scripted(slowCalls: number, later: number): { cases: KernelCase[]; trial: Trial; begun: () => number } {
  let nowMs = 0
  let calls = 0
  let begun = 0
  const run = (kernels: Kernels) => {
    if (kernels === baseline) nowMs += 2
    else nowMs += calls++ < slowCalls ? 2 : 1
    return Uint8Array.of(7, kernels === candidate && calls > slowCalls ? later : 9)
  }
  const trial = { now: () => nowMs, begin: () => void begun++ }
  return { cases: [{ name: 'scripted', run }], trial, begun: () => begun }
}

test('kernels that get fast and keep their bits pass', () => {
  const { cases, trial, begun } = scripted(100, 9)
  assert.ok(isOptimizedAlike(cases, baseline, candidate, trial))
  assert.is(begun(), 1)
})

test('one bit that changes once they are fast fails them', () => {
  const { cases, trial } = scripted(100, 8)
  assert.not(isOptimizedAlike(cases, baseline, candidate, trial))
})

test('kernels that never get fast fail, in bounded time', () => {
  const { cases, trial } = scripted(Number.POSITIVE_INFINITY, 9)
  assert.not(isOptimizedAlike(cases, baseline, candidate, trial))
})

for (const build of ['plain', 'relaxed'] as const) {
  test(`cases of all types: finite numbers that fresh ${build} kernels agree on`, () => {
    const memory = createStageMemory(CASES_MEMORY_BYTES)
    const [first, second] = ['a', 'b'].map((letter) => instantiateKernels(compileAnew(build, letter), memory))
    for (const type of KERNEL_TYPES) {
      for (const kernelCase of kernelCases([type], first!, memory)) {
        const expected = kernelCase.run(first!)
        assert.equal(kernelCase.run(second!), expected, kernelCase.name)
        if (kernelCase.name === 'quantize_q8') continue
        const floats = new Float32Array(expected.buffer)
        assert.ok(floats.every(Number.isFinite), `${kernelCase.name}: finite`)
        assert.ok(new Set(floats).size > 50, `${kernelCase.name}: different values`)
      }
    }
  })
}

test.run()
