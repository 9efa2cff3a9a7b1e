import type { KernelSizes } from '../engine/model/kernels.ts'

/** The numbers that the kernels export, written by build.mjs. */
export declare const SIZES: KernelSizes
