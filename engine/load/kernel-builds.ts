// The builds of the kernels, which all give the same bits, and what of them runs here. Relaxed SIMD is on by default from
// Node 22 (V8 12) on; Node 20 has it behind a flag that acts on the whole process, so it is set only when asked.
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { TsinferError } from '../errors.ts'
import { openFile } from '../gguf/file-source.ts'
import { canCompile, compileKernels, type KernelModule } from '../model/kernels.ts'
import type { KernelBuild } from '../public/loading.ts'

export interface LoadedKernels {
  readonly build: KernelBuild
  readonly module: KernelModule
  /** Whether V8 merges pairs of 128-bit operations into 256-bit ones, see kernel-choice.ts. */
  readonly revectorized: boolean
}

/** The baseline compiler of V8 11 loses the addend of i32x4.relaxed_dot_i8x16_i7x16_add_s. */
const DOT_V8_MAJOR_MIN = 12

export const V8_MAJOR = Number.parseInt(process.versions.v8, 10)

/** Lets this process compile relaxed SIMD where its V8 knows it; call before the first compilation. */
export function enableRelaxedSimd(): void {
  // Engines that have it on no longer know the flag, and complain on standard error.
  if (canCompile(readBuild('relaxed'))) return
  setFlagsFromString('--experimental-wasm-relaxed-simd')
}

/** The builds that this engine computes with correctly, those that are faster as a rule first. */
export function usableBuilds(): readonly [KernelBuild, ...KernelBuild[]] {
  if (!canCompile(readBuild('relaxed'))) return ['plain']
  return V8_MAJOR < DOT_V8_MAJOR_MIN ? ['relaxed', 'plain'] : ['relaxed-dot', 'relaxed', 'plain']
}

/**
 * Compiles the wanted build. `auto`: relaxed where this engine has it, which no processor is slow with, else plain.
 * @throws TsinferError `option_invalid` when this engine cannot have the wanted build.
 */
export function loadKernels(wanted: 'auto' | KernelBuild): LoadedKernels {
  const usable = usableBuilds()
  const build = wanted !== 'auto' ? wanted : usable.includes('relaxed') ? 'relaxed' : 'plain'
  if (!usable.includes(build)) {
    throw new TsinferError(
      'option_invalid',
      `kernels: expected one of ${usable.join(', ')} in this engine, found ${build}`,
    )
  }
  return { build, module: compileKernels(readBuild(build)), revectorized: false }
}

/** A build compiled once more: V8 shares code between modules of equal bytes, these are made to differ by `letter`. */
export function compileAnew(build: KernelBuild, letter: string): KernelModule {
  const emptySection = [0, 2, 1, letter.charCodeAt(0)]
  const bytes = readBuild(build)
  const longer = new Uint8Array(bytes.length + emptySection.length)
  longer.set(bytes)
  longer.set(emptySection, bytes.length)
  return compileKernels(longer)
}

/** As stats and the bench name them. */
export const describeKernels = ({ build, revectorized }: LoadedKernels): string =>
  revectorized ? `${build}, revectorized` : build

function readBuild(build: KernelBuild): Uint8Array {
  const source = openFile(fileURLToPath(new URL(`../../kernels-as/${build}.wasm`, import.meta.url)))
  try {
    const bytes = new Uint8Array(source.bytes)
    source.readInto(bytes, 0)
    return bytes
  } finally {
    source.close()
  }
}
