// Which of the two kernel builds runs here. Relaxed SIMD is on by default from Node 22 (V8 12) on; Node 20 has it
// behind a flag that acts on the whole process, so it is set only when asked.
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { TsinferError } from './errors.ts'
import { openFile } from './gguf/file-source.ts'
import { compileKernels, type KernelBuild, type KernelModule, kernelBuild } from './model/kernels.ts'

export interface LoadedKernels {
  readonly build: KernelBuild
  readonly module: KernelModule
}

/** Lets this process compile relaxed SIMD where its V8 knows it; call before the first compilation. */
export function enableRelaxedSimd(): void {
  // Engines that have it on no longer know the flag, and complain on standard error.
  if (kernelBuild(readBuild('relaxed')) === 'relaxed') return
  setFlagsFromString('--experimental-wasm-relaxed-simd')
}

/** Compiles the wanted build; `auto`: relaxed where this engine accepts it, else plain. */
export function loadKernels(wanted: 'auto' | KernelBuild): LoadedKernels {
  const relaxed = readBuild('relaxed')
  const best = kernelBuild(relaxed)
  if (wanted === 'relaxed' && best !== 'relaxed') {
    throw new TsinferError('option_invalid', 'kernels: expected an engine with relaxed SIMD, found one without')
  }
  const build = wanted === 'auto' ? best : wanted
  return { build, module: compileKernels(build === 'relaxed' ? relaxed : readBuild('plain')) }
}

function readBuild(build: KernelBuild): Uint8Array {
  const source = openFile(fileURLToPath(new URL(`../kernels-as/${build}.wasm`, import.meta.url)))
  try {
    const bytes = new Uint8Array(source.bytes)
    source.readInto(bytes, 0)
    return bytes
  } finally {
    source.close()
  }
}
