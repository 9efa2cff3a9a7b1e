// The inner door of the engine: what index.ts, the command line and the benches may use of it, beside what is public.

export { abortedError, linkAbort, onAbort, unlessAborted } from './abort-signals.ts'
export { resolveResponseFormat } from './constraint/response-format.ts'
export { Engine, type EngineEvent, type EngineRequest } from './engine.ts'
export { unwritable } from './files/target.ts'
export { checkWritable, writeWholeFile, writeWholeText } from './files/whole-file.ts'
export { type GgufFile, openGguf } from './gguf/file.ts'
export { CONTEXT_MAX, EMBEDDED_TEXTS_MAX, LISTED_IDS_MAX, SESSION_NOTE_BYTES_MAX } from './limits.ts'
export { measureBandwidth, READ_STRANDS } from './load/bandwidth.ts'
export { fileSampling } from './load/file-sampling.ts'
export { inspectFile, modelInfo } from './load/inspect.ts'
export { describeKernels, enableRelaxedSimd, type LoadedKernels, loadKernels } from './load/kernel-builds.ts'
export { kernelsFor } from './load/kernel-choice.ts'
export { loadNotices } from './load/load-notices.ts'
export { type PreparedModel, prepareModel, preparePair } from './load/prepare.ts'
export { pairDifferences } from './load/vocabulary-pair.ts'
export type { RequestFigures, TokenBytes } from './messages.ts'
export { type ModelConfig, modelConfig } from './model/config.ts'
export { type Kind, list, text as textKind } from './options/kinds.ts'
export { path as pathKind } from './options/paths.ts'
export { defaultsOf, type GivenOptions, readArgument, readOptions } from './options/read-options.ts'
export { guarded, inside, optionSite, promptSite, refused } from './options/refusal.ts'
export {
  CHAT,
  chatMessages,
  EMBED,
  GENERATE,
  LOAD,
  SCORE,
  TEMPLATE,
  TOKENIZE,
  TOKENIZER,
  TUNING,
} from './options/table.ts'
export { tokenIds } from './options/token-ids.ts'
export { type Resident, type ResidentFault, type Residents, startResidents } from './pipeline/pool.ts'
export * from './public.ts'
export { realExp } from './real-math.ts'
export { RequestStream } from './request-stream.ts'
export { resolveSampling, type SamplingParameters } from './sampling/parameters.ts'
export { compileStopStrings, type StopAutomaton, StopWatch } from './sampling/stop-strings.ts'
export { KeptSession } from './session/kept-session.ts'
export { type SessionHome, sessionHome } from './session/session-home.ts'
export { describeAuto } from './speculation/auto/describe-auto.ts'
export { type DraftParameters, resolveSpeculation } from './speculation/parameters.ts'
export { chromeEvents, lostInTrace } from './trace/trace-events.ts'
export { createTraceRings, type TraceRings } from './trace/trace-rings.ts'
