// End to end, tsinfer alone: how fast prompts are read and tokens come behind contexts of several lengths, how long
// loading takes and how much memory it needs. Prefill is timed by the same generation, up to its first token.
import { statSync } from 'node:fs'
import { randomIds } from '../../cli/measure/random-ids.ts'
import { loadOptions } from '../../cli/shell/options.ts'
import { note } from '../../cli/shell/output.ts'
import { machineTopology, measureBandwidth } from '../../engine/index.ts'
import { loadModel, type Model } from '../../index.ts'
import { timeGeneration, WARM_UP_POSITIONS, warmUp } from '../generation.ts'
import { count, counts, defineBench } from '../harness.ts'
import { peakResidentBytes } from '../machine.ts'
import { benchModel, MODEL_OPTIONS } from '../model-files.ts'
import { decodeSpeed } from '../statistics.ts'

const MODEL = '1b-Q4_0-Q6_K'

export const bench = defineBench({
  models: 'one',
  options: {
    contexts: counts(['-p', '--contexts'], 'prompt lengths', { usual: [128, 1024, 4000], least: 1 }),
    tokens: count(['-n', '--tokens'], 'tokens behind each prompt', { usual: 32, least: 2 }),
    ...MODEL_OPTIONS,
  },
  async measure(invocation) {
    const { values, signal } = invocation
    const { contexts, tokens } = values
    const { name, path } = benchModel(invocation, MODEL)
    const context = values.context ?? Math.max(WARM_UP_POSITIONS, ...contexts.map((length) => length + tokens))
    const startedMs = performance.now()
    await using model = await loadModel(path, { ...loadOptions(values), context, signal })
    const loadMs = performance.now() - startedMs
    const vocabulary = model.info.vocabularySize
    await warmUp((prompt, count) => timeGeneration(model, randomIds(prompt, vocabulary), count, signal))
    const measured: Measured[] = []
    for (const length of contexts) {
      note(`prompt of ${length} tokens\n`)
      measured.push(await measure(model, length, tokens, signal))
    }
    const peakBytes = peakResidentBytes()
    // Last, because it takes memory, too.
    const { gbS: limitGbS, how } = await measureBandwidth(values.threads ?? machineTopology().usableCores, signal)
    const rows = measured.map((row) => compared(row, measured[0]!, model.info.plan.weightBytesPerToken, limitGbS))
    return {
      about: `${name}: ${model.info.plan.text}, ${model.info.kernels} kernels`,
      options: { model: name, contexts, tokens, plan: model.info.plan, kernels: model.info.kernels },
      columns: {
        ...{ promptTokens: 'prompt', promptTokS: 'prompt tok/s', decodeTokSMedian: 'decode tok/s' },
        ...{ decodeTokSBest: 'best token', decodeTokSMean: 'mean', ofFirst: ['of first row', 2] },
        ...{ weightsGbS: 'weights GB/s', ofMemoryLimit: ['of memory limit', 2] },
      },
      rows,
      notes: notes(model, { fileBytes: statSync(path).size, peakBytes, loadMs, limitGbS, how }),
    }
  },
})

type Measured = Awaited<ReturnType<typeof measure>>

async function measure(model: Model, promptTokens: number, tokens: number, signal: AbortSignal) {
  const prompt = randomIds(promptTokens, model.info.vocabularySize)
  const { arrivalsMs } = await timeGeneration(model, prompt, tokens, signal)
  const { medianTokS, bestTokS, meanTokS } = decodeSpeed([arrivalsMs])
  const promptTokS = (promptTokens * 1000) / arrivalsMs[0]!
  return { promptTokens, promptTokS, decodeTokSMedian: medianTokS, decodeTokSBest: bestTokS, decodeTokSMean: meanTokS }
}

function compared(row: Measured, first: Measured, weightBytesPerToken: number, limitGbS: number) {
  const weightsGbS = (weightBytesPerToken * row.decodeTokSMedian) / 1e9
  const ofFirst = row.decodeTokSMedian / first.decodeTokSMedian
  return { ...row, ofFirst, weightsGbS, ofMemoryLimit: weightsGbS / limitGbS }
}

interface Facts {
  readonly fileBytes: number
  readonly peakBytes: number
  readonly loadMs: number
  readonly limitGbS: number
  /** How the limit was measured. */
  readonly how: string
}

function notes(model: Model, { fileBytes, peakBytes, loadMs, limitGbS, how }: Facts): string[] {
  const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`
  const kvBytes = model.info.plan.stages.reduce((sum, stage) => sum + stage.kvBytes, 0)
  return [
    `- Load: ${(loadMs / 1000).toFixed(2)} s (${(fileBytes / 1e6 / loadMs).toFixed(2)} GB/s). ` +
      `Memory limit: ${limitGbS.toFixed(1)} GB/s (${how}).`,
    `- Peak memory: ${mb(peakBytes)} = file ${mb(fileBytes)} + KV ${mb(kvBytes)} + ${mb(peakBytes - fileBytes - kvBytes)}.`,
  ]
}
