// `tsinfer inspect`: what a GGUF file holds and how it would run, from its header alone.
import { type Inspection, inspectModel, inspectPair, type MetadataEntry, type PlanInfo } from '../index.ts'
import { defineCommand } from './command.ts'
import { shownBytes, shownCount, shownFloat32, snakeKeys } from './figures.ts'
import { JSON_OPTION, MODEL_FILE_OPTIONS, PLAN_OPTIONS, planOptions, requiredModelPath } from './options.ts'
import { write, writeJson } from './output.ts'

const TEXT_CHARS_MAX = 70
const PAIR_OPTION = {
  kind: 'text',
  names: ['--pair'],
  value: 'DRAFT',
  help: 'whether this model can draft for the other, or the first five differences',
} as const

export const command = defineCommand({
  usage: 'MODEL [--pair DRAFT] [--json]',
  positionalsMax: 1,
  options: { ...MODEL_FILE_OPTIONS, ...PLAN_OPTIONS, pair: PAIR_OPTION, json: JSON_OPTION },
  async run({ values, positionals }) {
    const path = requiredModelPath(values, positionals)
    const inspection = await inspectModel(path, planOptions(values))
    const { pair: draft } = values
    const pair = draft === undefined ? undefined : { draft, differences: await inspectPair(path, draft) }
    if (values.json) writeJson({ ...jsonOf(inspection), ...(pair && { pair: jsonOfPair(pair) }) })
    else write(report(inspection) + (pair ? reportPair(pair) : ''))
  },
})

/** A draft model, and what keeps it from drafting for the inspected one. */
interface Pair {
  readonly draft: string
  readonly differences: readonly string[]
}

const jsonOfPair = ({ draft, differences }: Pair) => ({ draft, fits: differences.length === 0, differences })

const reportPair = ({ draft, differences }: Pair): string =>
  `draft model ${draft}: ${differences.length === 0 ? 'fits' : 'does not fit'}\n` +
  differences.map((difference) => `  ${difference}\n`).join('')

/** Scalars as they are, arrays abbreviated to their first elements. */
function jsonOf({ metadata, plan, tensorTypes, ...rest }: Inspection): object {
  return {
    ...snakeKeys(rest),
    reason: rest.reason ?? null,
    architecture: rest.architecture ?? null,
    metadata: Object.fromEntries(
      metadata.map(({ key, type, value, length }) => [
        key,
        length === undefined ? value : { type, length, first: value },
      ]),
    ),
    tensor_types: tensorTypes,
    memory_bytes: plan === undefined ? null : memoryBytes(plan),
    plan: plan === undefined ? null : { ...snakeKeys(plan), stages: plan.stages.map(snakeKeys) },
  }
}

const memoryBytes = (plan: PlanInfo): number => plan.stages.reduce((sum, stage) => sum + stage.memoryBytes, 0)

function report(inspection: Inspection): string {
  const { path, version, files, architecture, runnable, reason, plan, tensorCount, tensorBytes } = inspection
  const lines = [
    `file: ${path}`,
    `format: GGUF version ${version}${files > 1 ? `, ${files} files` : ''}`,
    `architecture: ${architecture ?? 'not named'}`,
    `runnable: ${runnable ? 'yes' : `no: ${reason}`}`,
    `parameters: ${shownCount(inspection.parameterCount)}`,
    `tensors: ${tensorCount}, ${shownBytes(tensorBytes)}`,
    ...inspection.tensorTypes.map(
      ({ type, tensors, bytes, generic }) => `  ${type}: ${tensors}, ${shownBytes(bytes)}${generic ? ', generic' : ''}`,
    ),
  ]
  if (plan !== undefined) {
    lines.push(`memory: ${shownBytes(memoryBytes(plan))}`, `plan: ${plan.text}`)
    plan.stages.forEach((stage, i) => {
      const layers = `layers ${stage.layerFirst}-${stage.layerFirst + stage.layerCount - 1}`
      const parts = `weights ${shownBytes(stage.weightBytes)}, KV ${shownBytes(stage.kvBytes)}`
      lines.push(`  stage ${i}: ${layers}, ${shownBytes(stage.memoryBytes)} (${parts})`)
    })
  }
  lines.push('metadata:', ...inspection.metadata.map((entry) => `  ${entry.key} = ${shownEntry(entry)}`))
  return `${lines.join('\n')}\n`
}

function shownEntry({ type, value, length }: MetadataEntry): string {
  if (length === undefined) return shownScalar(value as string | number, type)
  const elements = value as readonly (string | number)[]
  const more = length > elements.length ? ', ...' : ''
  return `[${elements.map((element) => shownScalar(element, type)).join(', ')}${more}] (${type}, ${length})`
}

function shownScalar(value: string | number | bigint | boolean, type: string): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > TEXT_CHARS_MAX ? `${value.slice(0, TEXT_CHARS_MAX)}...` : value)
  return typeof value === 'number' && type.endsWith('f32') ? shownFloat32(value) : String(value)
}
