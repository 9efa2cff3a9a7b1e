// Whether `inspect` is right about what a model takes: its forecast beside the most memory this process had, once a text
// has filled the context. For models of 500 MB and more.
import { randomIds } from '../../cli/measure/random-ids.ts'
import { loadOptions, planOptions } from '../../cli/shell/options.ts'
import { inspectModel, loadModel } from '../../index.ts'
import { generateTokens, timeTokens } from '../generation.ts'
import { count, defineBench } from '../harness.ts'
import { peakResidentBytes } from '../machine.ts'
import { benchModel, MODEL_OPTIONS } from '../model-files.ts'

const MODEL = '1b-Q4_0'
const CONTEXT = 1024
const LIMIT = 0.03

export const bench = defineBench({
  models: 'one',
  options: {
    tokens: count(['-n', '--tokens'], 'tokens that are generated; the rest of the context is prompt', { usual: 64 }),
    ...MODEL_OPTIONS,
  },
  async measure(invocation) {
    const { values, signal } = invocation
    const { tokens, context = CONTEXT } = values
    const { name, path } = benchModel(invocation, MODEL)
    const { memory, reason } = await inspectModel(path, { ...planOptions(values), context })
    if (memory === undefined) throw new Error(`${name}: expected a model that runs, found ${reason}`)
    await using model = await loadModel(path, { ...loadOptions(values), context, signal })
    const { contextLength, vocabularySize, plan } = model.info
    const prompt = randomIds(contextLength - tokens, vocabularySize)
    await timeTokens(generateTokens(model, prompt, tokens, signal))
    const peakBytes = peakResidentBytes()
    const error = memory.totalBytes / peakBytes - 1
    const isWithinLimit = Math.abs(error) <= LIMIT
    const mb = Object.entries(memory).map(([part, bytes]) => [part.replace(/Bytes$/, 'Mb'), bytes / 1e6])
    return {
      about: `${name}: ${plan.text}; what inspect says it takes, and the peak after one full context, in MB`,
      options: { model: name, context: contextLength, tokens, plan, memory },
      columns: {
        ...{ weightMb: ['weights', 1], contextMb: ['KV', 1], scratchMb: ['scratch', 1], threadMb: ['threads', 1] },
        ...{ processMb: ['Node', 1], totalMb: ['in all', 1], peakMb: ['peak', 1], errorPercent: ['off by %', 2] },
        isWithinLimit: 'within limit',
      },
      rows: [{ ...Object.fromEntries(mb), peakMb: peakBytes / 1e6, errorPercent: 100 * error, isWithinLimit }],
      notes: [`Limit: ${100 * LIMIT} %.`],
    }
  },
})
