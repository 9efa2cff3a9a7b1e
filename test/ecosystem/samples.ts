import type { EcosystemCase } from './case.ts'
export const samplesOfReadme: readonly EcosystemCase[] = []
