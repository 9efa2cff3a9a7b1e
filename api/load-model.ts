// Loads a model: everything is opened, or nothing is left open.
import {
  abortedError,
  checkTracePath,
  createTraceRings,
  describeKernels,
  Engine,
  enableRelaxedSimd,
  fileSampling,
  freeMemoryBytes,
  type GgufFile,
  type GivenOptions,
  KeptCosts,
  kernelsFor,
  LOAD,
  linkAbort,
  loadNotices,
  machineTopology,
  modelInfo,
  openGguf,
  type PreparedModel,
  prepareModel,
  preparePair,
  readOptions,
  withTuning,
  writeTrace,
} from '../engine/index.ts'
// Users' compilers read these: see there.
import type { LoadOptions, Model } from '../engine/public/index.ts'
import { readPath } from './arguments.ts'
import { LoadedModel } from './loaded-model.ts'
import { TextThread } from './text-thread.ts'

/**
 * Loads the model in the GGUF file `path` (of a split model: any shard) and starts its threads. Rejects with a
 * `TsinferError`: the file cannot be read or is no sound GGUF, the model or an option cannot be used, memory is short, a
 * thread died, `aborted`; with what a callback throws. Nothing is left open then.
 */
export async function loadModel(path: string | URL, options: LoadOptions = {}): Promise<Model> {
  const name = readPath(path)
  const given = readOptions(LOAD, options)
  const { signal, abort, unlink } = linkAbort(given.signal)
  const opened: Opened[] = []
  try {
    return await load(name, { ...given, signal }, opened)
  } catch (error) {
    // The parts that have not failed stop, too.
    abort()
    await Promise.allSettled(opened.map((close) => close()))
    throw error
  } finally {
    unlink()
  }
}

/** Closes what loading has opened; may be called before it is open. */
type Opened = () => Promise<unknown>

/** `opened`: gets everything that a failure has to close. */
async function load(path: string, options: GivenOptions<typeof LOAD>, opened: Opened[]): Promise<Model> {
  const startedMs = performance.now()
  const { trace, onProgress, onNotice, signal } = options
  if (signal?.aborted) throw abortedError('loading', signal)
  if (trace !== undefined) checkTracePath(trace)
  if (options.experimentalV8) enableRelaxedSimd()
  const file = openGguf(path)
  const { prepared, draft } = prepareModels(file, withTuning(file, options))
  const thread = file.metadata.has('tokenizer.ggml.model') ? new TextThread(file, options) : undefined
  if (thread) opened.push(() => thread.close())
  const rings = trace === undefined ? undefined : createTraceRings(prepared.plan, draft?.plan)
  const kernels = await kernelsFor(draft ? [prepared, draft] : [prepared], options)
  const costs = new KeptCosts(options.costs, prepared, describeKernels(kernels))
  const starting = Engine.start(prepared, kernels.module, {
    ...{ draft, onProgress, signal, trace: rings, costs: costs.shape ?? 'measured' },
  })
  opened.push(async () => (await starting).close())
  const [engine, facts] = await Promise.all([starting, thread?.ready])
  if (engine.measuredCosts) costs.keep(engine.measuredCosts)
  const onClosed = async () => trace !== undefined && rings && writeTrace(trace, rings)
  const model = new LoadedModel({
    info: modelInfo(path, prepared, {
      kernels: describeKernels(kernels),
      costs: costs.shape,
      loadMs: performance.now() - startedMs,
    }),
    prepared,
    engine,
    text: thread && facts && { thread, facts },
    speculation: draft ? 'auto' : 'off',
    onClosed,
  })
  for (const notice of fileSampling(file.metadata).notices) onNotice?.(notice)
  for (const notice of loadNotices(model.info, options, process.versions.node)) onNotice?.(notice)
  return model
}

/** The model, and the one that drafts for it. */
function prepareModels(
  file: GgufFile,
  options: GivenOptions<typeof LOAD>,
): { prepared: PreparedModel; draft?: PreparedModel } {
  const cores = machineTopology().usableCores
  const planned = { ...options, freeBytes: freeMemoryBytes() }
  const { draftModel } = options
  if (draftModel === undefined) return { prepared: prepareModel(file, planned, cores) }
  return preparePair(file, openGguf(draftModel), planned, cores)
}
