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
  /** Whether V8 merges pairs of 128-bit operations into 256-bit ones, see revectorization.ts. */
  readonly revectorized: boolean
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
  return { build, module: compileKernels(build === 'relaxed' ? relaxed : readBuild('plain')), revectorized: false }
}

/** A build compiled once more: V8 shares code between modules of equal bytes, these are made to differ by `letter`. */
export function compileAnew(build: KernelBuild, letter: string): KernelModule {
  const emptySection = [0, 2, 1, letter.charCodeAt(0)]
  return compileKernels(Uint8Array.from([...readBuild(build), ...emptySection]))
}

/** As stats and the bench name them. */
export const describeKernels = ({ build, revectorized }: LoadedKernels): string =>
  revectorized ? `${build}, revectorized` : build

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
