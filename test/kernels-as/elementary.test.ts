// The engine's own e^x, ln, sine and cosine, called through a module compiled for this test.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createStageMemory, type KernelModule } from '../../engine/model/kernels.ts'
import { repositoryPath } from '../shared.ts'
import { seeded } from './harness.ts'

const SOURCE = `
import { exp as exp4 } from '../../kernels-as/inline/exp'
import { ln as ln1 } from '../../kernels-as/inline/log'
import { cosReduced, quarterTurns, remainder, sinReduced } from '../../kernels-as/inline/sincos'
export function exp(x: f32): f32 { return f32x4.extract_lane(exp4(f32x4.splat(x)), 0) }
export function ln(x: f64): f64 { return ln1(x) }
export function turns(angle: f64): f64 { return quarterTurns(angle) }
export function rest(angle: f64): f64 { return remainder(angle, quarterTurns(angle)) }
export function sin(r: f64): f64 { return sinReduced(r) }
export function cos(r: f64): f64 { return cosReduced(r) }
`

interface Elementary {
  exp(x: number): number
  ln(x: number): number
  turns(angle: number): number
  rest(angle: number): number
  sin(r: number): number
  cos(r: number): number
}

/**
 * Runs the compiler as a process of its own: from Node 24 on the promise of its `main` never settles in here, and Node ends
 * as if there were nothing left to wait for.
 */
async function compileElementary(): Promise<Elementary> {
  // Where the compiler finds the kernels: it reads nothing outside its folder.
  const folder = mkdtempSync(repositoryPath('dist/elementary-'))
  try {
    writeFileSync(join(folder, 'elementary.ts'), SOURCE)
    const compiler = fileURLToPath(import.meta.resolve('assemblyscript/bin/asc.js'))
    const memory = ['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536']
    const words = ['--runtime', 'stub', ...memory, '--enable', 'simd,threads', '-O3', '-o', 'elementary.wasm']
    await promisify(execFile)(process.execPath, [compiler, 'elementary.ts', ...words], { cwd: folder })
    const { Module, Instance } = (globalThis as unknown as WasmGlobal).WebAssembly
    const module = new Module(readFileSync(join(folder, 'elementary.wasm')))
    return new Instance(module, { env: { memory: createStageMemory(1) } }).exports
  } finally {
    rmSync(folder, { recursive: true })
  }
}

interface WasmGlobal {
  readonly WebAssembly: {
    readonly Module: new (bytes: Uint8Array) => KernelModule
    readonly Instance: new (module: KernelModule, imports: object) => { readonly exports: Elementary }
  }
}

const { exp, ln, turns, rest, sin, cos } = await compileElementary()
const random = seeded(8)

/** Distance in units of the last place of an f32 near `expected`. */
function ulps(actual: number, expected: number): number {
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(expected))))
  return Math.abs(actual - expected) / 2 ** (exponent - 23)
}

test('exp is within an ulp of f32 over its whole range', () => {
  let worst = 0
  for (let i = 0; i < 200_000; i++) {
    const x = Math.fround(random() * 194 - 105)
    const expected = Math.exp(x)
    if (expected >= 2 ** 128 * (1 - 2 ** -25)) assert.is(exp(x), Number.POSITIVE_INFINITY)
    else worst = Math.max(worst, ulps(exp(x), expected))
  }
  for (let i = 0; i < 50_000; i++) {
    const x = Math.fround((random() * 2 - 1) * 2 ** Math.floor(-random() * 30))
    worst = Math.max(worst, ulps(exp(x), Math.exp(x)))
  }
  assert.ok(worst <= 1, `${worst} ulp`)
})

test('exp of special values', () => {
  const infinity = Number.POSITIVE_INFINITY
  const cases = [
    [0, 1],
    [-0, 1],
    [-104, 0],
    [-1e30, 0],
    [-infinity, 0],
    [89, infinity],
    [3e38, infinity],
    [infinity, infinity],
  ] as const
  for (const [x, expected] of cases) assert.is(exp(x), expected, `exp(${x})`)
  assert.ok(Number.isNaN(exp(Number.NaN)))
})

test('ln is within two ulp of f64', () => {
  const check = (x: number) => {
    const expected = Math.log(x)
    const error = Math.abs(ln(x) - expected)
    assert.ok(error <= 2 ** -51 * Math.abs(expected), `ln(${x}) is ${ln(x)}, expected ${expected}`)
  }
  for (let i = 0; i < 100_000; i++) {
    check(2 ** (random() * 400 - 200))
    check(1 + random() * 2 ** Math.floor(-random() * 40))
    check(1 - random() * 2 ** Math.floor(-1 - random() * 40))
  }
  assert.is(ln(1), 0)
  assert.is(ln(0), Number.NEGATIVE_INFINITY)
  assert.is(ln(Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY)
  assert.ok(Number.isNaN(ln(-1)))
  assert.ok(Number.isNaN(ln(Number.NaN)))
})

test('sine and cosine are right to 1e-15 for angles up to a million', () => {
  for (let i = 0; i < 100_000; i++) {
    const angle = random() * 2 ** Math.floor(random() * 21)
    const [r, quadrant] = [rest(angle), turns(angle) % 4]
    assert.ok(Math.abs(r) <= Math.PI / 4 + 1e-9)
    const [s, c] = [sin(r), cos(r)]
    const sine = [s, c, -s, -c][quadrant]!
    const cosine = [c, -s, -c, s][quadrant]!
    const error = Math.max(Math.abs(sine - Math.sin(angle)), Math.abs(cosine - Math.cos(angle)))
    assert.ok(error <= 1e-15, `angle ${angle}: ${error}`)
  }
})

test.run()
