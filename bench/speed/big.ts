// A model that no 32-bit memory holds: how it is split, that it decodes, and the most memory this process ever had.
import { statSync } from 'node:fs'
import { freemem } from 'node:os'
import { randomIds } from '../../cli/measure/random-ids.ts'
import { shownBytes } from '../../cli/shell/figures.ts'
import { loadOptions } from '../../cli/shell/options.ts'
import { TsinferError } from '../../engine/index.ts'
import { loadModel } from '../../index.ts'
import { timeGeneration } from '../generation.ts'
import { count, defineBench } from '../harness.ts'
import { peakResidentBytes } from '../machine.ts'
import { benchModel, MODEL_OPTIONS } from '../model-files.ts'
import { decodeSpeed } from '../statistics.ts'

const MODEL = '5g-Q8_0-zeros'
const CONTEXT = 512
const PROMPT = 16
/** What a process may take beside weights and KV cells. */
const REST_LIMIT_BYTES = 500e6

export const bench = defineBench({
  models: 'one',
  options: { tokens: count(['-n', '--tokens'], 'tokens to decode', { usual: 8, least: 2 }), ...MODEL_OPTIONS },
  async measure(invocation) {
    const { values, signal } = invocation
    const { tokens, context = CONTEXT } = values
    const { name, path } = benchModel(invocation, MODEL)
    const fileBytes = statSync(path).size
    if (freemem() < fileBytes) {
      const found = `found ${shownBytes(freemem())}`
      throw new TsinferError('out_of_memory', `${name}: expected ${shownBytes(fileBytes)} of free memory, ${found}`)
    }
    const startedMs = performance.now()
    await using model = await loadModel(path, { ...loadOptions(values), context, signal })
    const loadMs = performance.now() - startedMs
    const { arrivalsMs } = await timeGeneration(model, randomIds(PROMPT, model.info.vocabularySize), tokens, signal)
    const { plan } = model.info
    const kvBytes = plan.stages.reduce((sum, stage) => sum + stage.kvBytes, 0)
    const peakBytes = peakResidentBytes()
    const row = {
      ...{ fileBytes, kvBytes, peakBytes, loadMs },
      memories: plan.stages.map(({ memoryBytes }) => shownBytes(memoryBytes)).join(' + '),
      file: shownBytes(fileBytes),
      loadS: loadMs / 1000,
      decodeTokS: decodeSpeed([arrivalsMs]).medianTokS,
      kvMb: kvBytes / 1e6,
      peakMb: peakBytes / 1e6,
      restMb: (peakBytes - fileBytes - kvBytes) / 1e6,
      isWithinLimit: plan.stages.length > 1 && peakBytes < fileBytes + kvBytes + REST_LIMIT_BYTES,
    }
    return {
      about: `${name}: ${plan.text}`,
      options: { model: name, context, tokens, plan, kernels: model.info.kernels },
      columns: {
        ...{ file: 'file', memories: 'memories', loadS: 'load s', decodeTokS: 'decode tok/s' },
        ...{ peakMb: ['peak RSS MB', 0], kvMb: ['KV MB', 0], restMb: ['peak - file - KV, MB', 0] },
        isWithinLimit: 'within limit',
      },
      rows: [row],
      notes: [`Limit: several memories, and a peak of at most file + KV + ${REST_LIMIT_BYTES / 1e6} MB.`],
    }
  },
})
