// `tsinfer inspect`: what a GGUF file holds and how it would run, from its header alone.
import { type Inspection, inspectModel, inspectPair } from '../index.ts'
import { defineCommand } from './shell/command.ts'
import { snakeKeys } from './shell/figures.ts'
import { inspectionReport, type Pair, pairReport } from './shell/inspection-report.ts'
import { JSON_OPTION, MODEL_FILE_OPTIONS, PLAN_OPTIONS, planOptions, requiredModelPath } from './shell/options.ts'
import { write, writeJson } from './shell/output.ts'

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
    else write(inspectionReport(inspection) + (pair ? pairReport(pair) : ''))
  },
})

const jsonOfPair = ({ draft, differences }: Pair) => ({ draft, fits: differences.length === 0, differences })

/** Scalars as they are, arrays abbreviated to their first elements. */
function jsonOf({ metadata, plan, memory, tensorTypes, ...rest }: Inspection): object {
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
    memory_bytes: memory === undefined ? null : memory.totalBytes,
    memory: memory === undefined ? null : snakeKeys(memory),
    plan: plan === undefined ? null : { ...snakeKeys(plan), stages: plan.stages.map(snakeKeys) },
  }
}
