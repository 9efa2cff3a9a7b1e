// The only door of the engine: what index.ts, the command line and the benches may use of it.
import { availableParallelism } from 'node:os'
import { readSystemText } from './gguf/file-source.ts'
import { readTopology, type Topology } from './pipeline/topology.ts'

export { measureBandwidth } from './bandwidth.ts'
export type * from './chat-types.ts'
export { Engine, type EngineEvent, type EngineRequest } from './engine.ts'
export { type ErrorCode, isInputError, TsinferError } from './errors.ts'
export { type GgufFile, openGguf } from './gguf/file.ts'
export { describePlan, inspectFile, parameterCount, summarizeTypes } from './inspect.ts'
export { enableRelaxedSimd, type LoadedKernels, loadKernels } from './kernel-builds.ts'
export type { RequestFigures, TokenBytes } from './messages.ts'
export { modelConfig } from './model/config.ts'
export type * from './model-types.ts'
export { type Resident, type Residents, startResidents } from './pipeline/pool.ts'
export type { Topology } from './pipeline/topology.ts'
export { type PreparedModel, prepareModel } from './prepare.ts'
export { RequestStream } from './request-stream.ts'
export { DEFAULT_SAMPLING, resolveSampling, type SamplingParameters } from './sampling/parameters.ts'
export { compileStopStrings, type StopAutomaton, StopWatch } from './sampling/stop-strings.ts'
export { KeptSession } from './session.ts'
export { DEFAULT_DRAFT, type DraftParameters, resolveSpeculation } from './spec/parameters.ts'
export type * from './types.ts'
export { checkPair, pairDifferences } from './vocabulary-pair.ts'

/** The machine this process runs on. */
export const machineTopology = (): Topology => readTopology(readSystemText, availableParallelism())
