// End to end, tsinfer alone: how fast prompts are read and tokens come behind contexts of several lengths, how long
// loading takes and how much memory it needs. Prefill is timed by the same generation, up to its first token.
import { statSync } from 'node:fs'
import { randomIds } from '../../cli/measure/random-ids.ts'
import { loadOptions } from '../../cli/shell/options.ts'
import { note } from '../../cli/shell/output.ts'
import { machineTopology, measureBandwidth } from '../../engine/index.ts'
import { loadModel, type Model } from '../../index.ts'
import { timeGeneration, WARM_UP_POSITIONS, warmUp } from '../generation.ts'
import { count, defineBench } from '../harness.ts'
import { peakResidentBytes } from '../machine.ts'
import { benchModel, MODEL_OPTIONS } from '../model-files.ts'
import { decodeSpeed } from '../statistics.ts'

const MODEL = '1b-Q4_0-Q6_K'
const CONTEXTS = [128, 1024, 4000]
const TOKENS = 32

export const bench = defineBench({
  usage: '[MODEL] [-p 128,1024,4000] [-n 32] [-t N]',
  positionalsMax: 1,
  options: {
    contexts: {
      kind: 'integers',
      names: ['-p', '--contexts'],
      value: 'N,...',
      least: 1,
      help: 'prompt lengths (128,1024,4000)',
    },
    tokens: count(['-n', '--tokens'], 'tokens behind each prompt (32)', 2),
    ...MODEL_OPTIONS,
  },
  async measure(invocation) {
    const { values, signal } = invocation
    const { contexts = CONTEXTS, tokens = TOKENS } = values
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
      columns: COLUMNS,
      rows,
      notes: notes(model, { fileBytes: statSync(path).size, peakBytes, loadMs, limitGbS, how }),
    }
  },
})

const COLUMNS = [
  { key: 'promptTokens', title: 'prompt' },
  { key: 'promptTokS', title: 'prompt tok/s' },
  { key: 'decodeTokSMedian', title: 'decode tok/s' },
  { key: 'decodeTokSBest', title: 'best token' },
  { key: 'decodeTokSMean', title: 'mean' },
  { key: 'ofFirst', title: 'of first row', decimals: 2 },
  { key: 'weightsGbS', title: 'weights GB/s' },
  { key: 'ofMemoryLimit', title: 'of memory limit', decimals: 2 },
]

interface Measured {
  readonly promptTokens: number
  readonly promptTokS: number
  readonly decodeTokSMedian: number
  readonly decodeTokSBest: number
  readonly decodeTokSMean: number
}

async function measure(model: Model, promptTokens: number, tokens: number, signal: AbortSignal): Promise<Measured> {
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
