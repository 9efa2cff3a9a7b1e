// What a valid GGUF file holds, whether it can run here and how: from its header alone.
import { TsinferError } from '../errors.ts'
import { readFirst } from '../gguf/arrays.ts'
import type { GgufFile } from '../gguf/file.ts'
import { isGeneric } from '../gguf/ggml-types.ts'
import type { GgufEntry } from '../gguf/metadata.ts'
import { stageMatrices } from '../model/memory/layout.ts'
import type { ModelPlan, PlanOptions } from '../model/memory/plan.ts'
import { cellBytesOf } from '../model/memory/pool.ts'
import type { ModelInfo, PlanInfo, StageInfo, StepInfo } from '../public/info.ts'
import type { Inspection, MetadataEntry, MetadataScalar, TensorTypeSummary } from '../public/inspection.ts'
import type { CostShape } from '../speculation/costs/cost-shape.ts'
import { fileSampling } from './file-sampling.ts'
import { memoryNeed, type Surroundings } from './memory-need.ts'
import { type PreparedModel, prepareModel } from './prepare.ts'

/** Elements of a metadata array that are shown. */
const ARRAY_PREVIEW = 8

/** Inspects `file` and plans it. Throws only for a file that changed. */
export function inspectFile(
  path: string,
  file: GgufFile,
  options: PlanOptions,
  surroundings: Surroundings,
): Inspection {
  const tensors = [...file.tensors.values()]
  const architecture = file.metadata.get('general.architecture')
  const { model, reason } = tryPrepare(file, options, surroundings.cores)
  const plan = model && describePlan(model.plan)
  return {
    path,
    version: file.version,
    files: file.shards.length,
    metadata: [...file.metadata].map(([key, entry]) => describeEntry(file, key, entry)),
    tensorCount: tensors.length,
    parameterCount: parameterCount(file),
    tensorBytes: tensors.reduce((sum, { bytes }) => sum + bytes, 0),
    tensorTypes: summarizeTypes(file),
    architecture:
      architecture?.kind === 'scalar' && typeof architecture.value === 'string' ? architecture.value : undefined,
    runnable: model !== undefined,
    reason,
    plan,
    memory: model && plan && memoryNeed(model.plan, plan.stages, model.config.vocabularySize, surroundings),
  }
}

/** How a model has been loaded. */
interface Loaded extends Pick<ModelInfo, 'kernels' | 'loadMs'> {
  readonly costs: CostShape | undefined
}

/** What is known of a loaded model. */
export function modelInfo(path: string, model: PreparedModel, { kernels, loadMs, costs }: Loaded): ModelInfo {
  const { file, config, plan, fileBytes } = model
  const name = file.metadata.get('general.name')
  return {
    path,
    architecture: config.architecture,
    name: name?.kind === 'scalar' ? String(name.value) : undefined,
    contextLength: plan.sizes.contextLength,
    contextLengthTrained: config.contextLength,
    vocabularySize: config.vocabularySize,
    parameterCount: parameterCount(file),
    fileBytes,
    weightType: summarizeTypes(file)[0]!.type,
    plan: describePlan(plan),
    kernels,
    steps: describeSteps(costs),
    loadMs,
    sampling: fileSampling(file.metadata).sampling,
  }
}

function describeSteps({ rows, stageUs }: CostShape = { rows: [], stageUs: [] }): StepInfo[] {
  return rows.map((count, knot) => ({ rows: count, ms: Math.max(...stageUs.map((us) => us[knot]!)) / 1000 }))
}

/** The plan as it is shown to people and programs. */
function describePlan(plan: ModelPlan): PlanInfo {
  const { sizes, stages } = plan
  const stageInfos = stages.map(({ range, bytes }, index): StageInfo => {
    const matrices = stageMatrices(stages[index]!)
    const weightBytes = matrices.reduce((sum, { tensor }) => sum + tensor.bytes, 0)
    const kvBytes = cellBytesOf(stages[index]!) * sizes.cells
    return { layerFirst: range.first, layerCount: range.count, memoryBytes: bytes, weightBytes, kvBytes }
  })
  const kv = sizes.cellTypeK === sizes.cellTypeV ? sizes.cellTypeK : `${sizes.cellTypeK}/${sizes.cellTypeV}`
  const types = stages.flatMap((stage) => stageMatrices(stage).map(({ tensor }) => tensor.type))
  const genericTypes = [...new Set(types.filter(isGeneric))]
  const counted = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 's'}`
  return {
    text:
      `${counted(stages.length, 'stage')} x ${counted(sizes.lanes, 'lane')}, context ${sizes.contextLength}, ` +
      `chunk ${sizes.chunkRows}, ${sizes.cells} KV cells of ${kv}${genericTypes.map((type) => `, generic ${type}`).join('')}`,
    stages: stageInfos,
    lanes: sizes.lanes,
    contextLength: sizes.contextLength,
    chunkRows: sizes.chunkRows,
    barrierSpins: plan.spins.barrier,
    sequences: sizes.sequences,
    kvCells: sizes.cells,
    kvCellBytes: stages.reduce((sum, stage) => sum + cellBytesOf(stage), 0),
    kvTypeK: sizes.cellTypeK,
    kvTypeV: sizes.cellTypeV,
    genericTypes,
    weightBytesPerToken: plan.weightBytesPerToken,
  }
}

/** Elements of all tensors together. */
function parameterCount(file: GgufFile): number {
  let count = 0
  for (const { dims } of file.tensors.values()) count += dims.reduce((product, dim) => product * dim, 1)
  return count
}

/** Tensor types by bytes, most first. */
function summarizeTypes(file: GgufFile): TensorTypeSummary[] {
  const summary = new Map<string, { tensors: number; bytes: number }>()
  for (const { type, bytes } of file.tensors.values()) {
    const entry = summary.get(type) ?? { tensors: 0, bytes: 0 }
    summary.set(type, { tensors: entry.tensors + 1, bytes: entry.bytes + bytes })
  }
  return [...summary]
    .map(([type, entry]) => ({ type, ...entry, ...(isGeneric(type) && { generic: true as const }) }))
    .sort((a, b) => b.bytes - a.bytes)
}

function tryPrepare(
  file: GgufFile,
  options: PlanOptions,
  cores: number,
): { model: PreparedModel | undefined; reason: string | undefined } {
  try {
    return { model: prepareModel(file, options, cores), reason: undefined }
  } catch (error) {
    if (error instanceof TsinferError && error.code !== 'file_changed')
      return { model: undefined, reason: error.message }
    throw error
  }
}

function describeEntry(file: GgufFile, key: string, entry: GgufEntry): MetadataEntry {
  if (entry.kind === 'scalar') return { key, type: entry.type, value: entry.value }
  const value: readonly MetadataScalar[] = readFirst(file, entry, ARRAY_PREVIEW)
  return { key, type: `array of ${entry.type}`, value, length: entry.count }
}
