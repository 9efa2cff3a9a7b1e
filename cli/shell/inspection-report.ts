// What `tsinfer inspect` tells people about a file. Pure. Every piece of the file is printable here, and quoted unless it
// is a plain word: a file writes no line of its own.
import { printable, quoted } from '../../engine/quoted.ts'
import type { Inspection, MetadataEntry } from '../../index.ts'
import { shownBytes, shownCount, shownFloat32 } from './figures.ts'

/** A draft model, and what keeps it from drafting for the inspected one. */
export interface Pair {
  readonly draft: string
  readonly differences: readonly string[]
}

export const pairReport = ({ draft, differences }: Pair): string =>
  `draft model ${printable(draft)}: ${differences.length === 0 ? 'fits' : 'does not fit'}\n` +
  differences.map((difference) => `  ${printable(difference)}\n`).join('')

export function inspectionReport(inspection: Inspection): string {
  const { path, version, files, architecture, runnable, reason, plan, memory, tensorCount, tensorBytes } = inspection
  const lines = [
    `file: ${path}`,
    `format: GGUF version ${version}${files > 1 ? `, ${files} files` : ''}`,
    `architecture: ${architecture === undefined ? 'not named' : word(architecture)}`,
    `runnable: ${runnable ? 'yes' : `no: ${reason}`}`,
    `parameters: ${shownCount(inspection.parameterCount)}`,
    `tensors: ${tensorCount}, ${shownBytes(tensorBytes)}`,
    ...inspection.tensorTypes.map(
      ({ type, tensors, bytes, generic }) => `  ${type}: ${tensors}, ${shownBytes(bytes)}${generic ? ', generic' : ''}`,
    ),
  ]
  if (memory !== undefined) {
    const { weightBytes, contextBytes, scratchBytes, threadBytes, processBytes, totalBytes } = memory
    const parts = `weights ${shownBytes(weightBytes)}, KV of one context ${shownBytes(contextBytes)}`
    const rest = `scratch ${shownBytes(scratchBytes)}, threads ${shownBytes(threadBytes)}, Node ${shownBytes(processBytes)}`
    lines.push(`memory: ${shownBytes(totalBytes)} (${parts}, ${rest})`)
  }
  if (plan !== undefined) {
    lines.push(`plan: ${plan.text}`)
    plan.stages.forEach((stage, i) => {
      const layers = `layers ${stage.layerFirst}-${stage.layerFirst + stage.layerCount - 1}`
      const parts = `weights ${shownBytes(stage.weightBytes)}, KV ${shownBytes(stage.kvBytes)}`
      lines.push(`  stage ${i}: ${layers}, ${shownBytes(stage.memoryBytes)} (${parts})`)
    })
  }
  lines.push('metadata:', ...inspection.metadata.map((entry) => `  ${word(entry.key)} = ${shownEntry(entry)}`))
  return `${lines.map(printable).join('\n')}\n`
}

/** Blanks would reach the next line of a narrow terminal, and look like one of ours. */
const word = (text: string): string => (/^[\w.-]{1,80}$/.test(text) ? text : quoted(text))

function shownEntry({ type, value, length }: MetadataEntry): string {
  if (length === undefined) return shownScalar(value as string | number, type)
  const elements = value as readonly (string | number)[]
  const more = length > elements.length ? ', ...' : ''
  return `[${elements.map((element) => shownScalar(element, type)).join(', ')}${more}] (${type}, ${length})`
}

function shownScalar(value: string | number | bigint | boolean, type: string): string {
  if (typeof value === 'string') return quoted(value)
  return typeof value === 'number' && type.endsWith('f32') ? shownFloat32(value) : String(value)
}
