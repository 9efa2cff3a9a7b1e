// Runs a kernel in all builds over addresses handed out by an arena with canaries around every buffer.
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import * as assert from 'uvu/assert'
import { usableBuilds } from '../../engine/load/kernel-builds.ts'
import { compileKernels, createStageMemory, instantiateKernels, type Kernels } from '../../engine/model/kernels.ts'
import type { KernelBuild } from '../../engine/public/loading.ts'
import { repositoryPath } from '../shared.ts'

const MEMORY_BYTES = 32 << 20
const FIRST_ADDRESS = 4096
const ALIGNMENT = 64
const GUARD_BYTES = 64
const CANARY = 0xa5

// Node 20 has relaxed SIMD behind this flag; later versions know it no more. Functions are compiled with the module,
// under the flags of that moment.
if (process.version.startsWith('v20.')) setFlagsFromString('--experimental-wasm-relaxed-simd')
setFlagsFromString('--no-wasm-lazy-compilation')
// Inlining wants what the baseline compiler counted, and Node 26 ends where there was none.
setFlagsFromString('--no-wasm-inlining')

export function kernelBytes(build: KernelBuild): Uint8Array {
  return new Uint8Array(readFileSync(repositoryPath(`dist/kernels-as/${build}.wasm`)))
}

/** Hands out buffers of one memory. Every buffer starts as canary bytes too, so unwritten output shows. */
export class Arena {
  readonly buffer: SharedArrayBuffer
  #next = FIRST_ADDRESS
  readonly #gaps: [from: number, to: number][] = []

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer
  }

  /** Address of `bytes` bytes, 64-byte aligned plus `misalignment`, with canaries before and after. */
  take(bytes: number, misalignment = 0): number {
    const address = Math.ceil((this.#next + GUARD_BYTES) / ALIGNMENT) * ALIGNMENT + misalignment
    const end = address + bytes
    if (end + GUARD_BYTES > this.buffer.byteLength) throw new Error('the test arena is too small')
    new Uint8Array(this.buffer, this.#next, end + GUARD_BYTES - this.#next).fill(CANARY)
    this.#gaps.push([this.#next, address], [end, end + GUARD_BYTES])
    this.#next = end + GUARD_BYTES
    return address
  }

  /** Address of a copy of `data`. */
  put(data: ArrayBufferView, misalignment = 0): number {
    const address = this.take(data.byteLength, misalignment)
    const source = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    new Uint8Array(this.buffer, address, data.byteLength).set(source)
    return address
  }

  /** A copy of `count` floats. */
  floats(address: number, count: number): Float32Array {
    return new Float32Array(this.bytes(address, count * 4).buffer)
  }

  /** A copy of `count` bytes. */
  bytes(address: number, count: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(new Uint8Array(this.buffer, address, count))
  }

  checkCanaries(build: KernelBuild): void {
    for (const [from, to] of this.#gaps) {
      const touched = new Uint8Array(this.buffer, from, to - from).findIndex((byte) => byte !== CANARY)
      if (touched !== -1) assert.unreachable(`${build}: the kernel wrote outside its buffer at ${from + touched}`)
    }
  }
}

const memory = createStageMemory(MEMORY_BYTES)

/** A build as V8's baseline compiler makes it (what the first calls run) and as its optimizing compiler does. */
function load(build: KernelBuild): readonly [baseline: Kernels, optimized: Kernels] {
  // V8 keeps the code of modules with equal bytes; an empty custom section named by one letter makes them differ.
  const instance = (flag: string) => {
    setFlagsFromString(flag)
    const section = [0, 2, 1, flag.charCodeAt(flag.length - 1)]
    return instantiateKernels(compileKernels(Uint8Array.from([...kernelBytes(build), ...section])), memory)
  }
  const baseline = instance('--liftoff-only')
  setFlagsFromString('--no-liftoff-only')
  const optimized = instance('--no-liftoff')
  setFlagsFromString('--liftoff')
  return [baseline, optimized]
}

const builds = { plain: load('plain'), relaxed: load('relaxed'), 'relaxed-dot': load('relaxed-dot') }
/** Each usable build in each compiler. */
const compiled = usableBuilds().flatMap((build) => builds[build].map((kernels) => ({ build, kernels })))

function run<T>(build: KernelBuild, kernels: Kernels, body: (kernels: Kernels, arena: Arena) => T): T {
  const arena = new Arena(memory.buffer)
  const result = body(kernels, arena)
  arena.checkCanaries(build)
  return result
}

/** Runs `body` with one build on fresh buffers. */
export function onBuild<T>(build: KernelBuild, body: (kernels: Kernels, arena: Arena) => T): T {
  return run(build, builds[build][1], body)
}

/** Runs `body` with each build and compiler on fresh buffers; all must return the same bytes, which are returned. */
export function onAllBuilds<T extends ArrayBufferView>(body: (kernels: Kernels, arena: Arena) => T): T {
  const results = compiled.map(({ build, kernels }) => run(build, kernels, body))
  const [first, ...others] = results.map(comparable)
  const different = others.findIndex((other) => !other.equals(first!))
  if (different !== -1) {
    const { build } = compiled[different + 1]!
    assert.unreachable(`${compiled[0]!.build} baseline and ${build} ${different % 2 ? 'baseline' : 'optimized'} differ`)
  }
  return results[0]!
}

/** The bytes of a result, with one pattern for all NaNs: their sign and payload are unspecified. */
function comparable(view: ArrayBufferView): Buffer {
  const copy = view instanceof Float32Array ? view.map((value) => (Number.isNaN(value) ? Number.NaN : value)) : view
  return Buffer.from(copy.buffer, copy.byteOffset, copy.byteLength)
}

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** `count` floats in [-amplitude, amplitude). */
export function randomFloats(random: () => number, count: number, amplitude = 1): Float32Array {
  return Float32Array.from({ length: count }, () => (random() * 2 - 1) * amplitude)
}

/** Same bits in every element, any NaN being equal to any other. */
export function assertSameFloats(actual: ArrayLike<number>, expected: ArrayLike<number>, message: string): void {
  assert.is(actual.length, expected.length, message)
  for (let i = 0; i < actual.length; i++) {
    if (!Object.is(actual[i], expected[i])) {
      assert.unreachable(`${message}: element ${i} is ${actual[i]}, expected ${expected[i]}`)
    }
  }
}

/** |actual - expected| <= tolerance(i) in every element. */
export function assertNear(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number | ((i: number) => number),
  message: string,
): void {
  assert.is(actual.length, expected.length, message)
  for (let i = 0; i < actual.length; i++) {
    const bound = typeof tolerance === 'number' ? tolerance : tolerance(i)
    if (!(Math.abs(actual[i]! - expected[i]!) <= bound)) {
      assert.unreachable(`${message}: element ${i} is ${actual[i]}, expected ${expected[i]} +- ${bound}`)
    }
  }
}
