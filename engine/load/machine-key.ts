// What measurements of a model on a machine depend on, beside how it is laid over the machine.
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import type { GgufFile } from '../gguf/file.ts'
import { modelConfig } from '../model/config/config.ts'
import { machineTopology } from './machine.ts'

/** Plain data; the same for files that only have other values in their weights. */
export function machineKey(file: GgufFile): object {
  const { architecture, layerCount, width, ffnWidth, heads, kvHeads, headDim, vocabularySize, experts } =
    modelConfig(file)
  const types: Record<string, number> = {}
  for (const { type } of file.tensors.values()) types[type] = (types[type] ?? 0) + 1
  const { usableCores, quotaCores } = machineTopology()
  return {
    cpu: cpus()[0]?.model ?? 'unknown processor',
    cores: usableCores,
    quotaCores: quotaCores ?? null,
    node: process.versions.node,
    tsinfer: packageVersion(),
    model: { architecture, layerCount, width, ffnWidth, heads, kvHeads, headDim, vocabularySize },
    experts: experts ? [experts.count, experts.used] : null,
    types,
  }
}

const packageVersion = (): string =>
  JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')).version as string
