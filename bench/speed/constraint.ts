// What keeping to a JSON Schema costs and whether it holds: random texts of 20 schemas with a new seed each, read back and
// checked, in turns with free texts of as many tokens.
import { mean } from '../../cli/shell/figures.ts'
import { loadOptions } from '../../cli/shell/options.ts'
import { note } from '../../cli/shell/output.ts'
import { type GenerateOptions, type Generation, loadModel, type Model } from '../../index.ts'
import { SCHEMAS } from '../../test/engine/constraint/schemas.ts'
import { schemaFault } from '../../test/reference/json-schema.ts'
import { timeTokens, warmUp } from '../generation.ts'
import { count, defineBench } from '../harness.ts'
import { benchModel, MODEL_OPTIONS } from '../model-files.ts'
import { tokenGaps } from '../statistics.ts'

const MODEL = 'stories260K'
const PROMPT = [1]
/** Flatter than usual, so that texts differ. */
const TEMPERATURE = 1.2

export const bench = defineBench({
  models: 'one',
  options: {
    runs: count(['--runs'], 'texts, spread over the schemas', { usual: 1000 }),
    tokens: count(['-n', '--tokens'], 'most tokens of a text', { usual: 200, least: 64 }),
    seed: count(['--seed'], 'seed of the first text (a random one)', { least: 0 }),
    ...MODEL_OPTIONS,
  },
  async measure(invocation) {
    const { values, signal } = invocation
    const { runs, tokens, seed = crypto.getRandomValues(new Uint16Array(1))[0]! } = values
    const { name, path } = benchModel(invocation, MODEL)
    const context = values.context ?? tokens + 64
    await using model = await loadModel(path, { ...loadOptions(values), context, signal })
    await warmUp(async (_, count) => write(model, { maxTokens: count, ignoreEos: true, signal }))
    const schemas = Object.entries(SCHEMAS)
    const rows = schemas.map(([schema]) => createRow(schema))
    const all = createRow('all')
    for (let run = 0; run < runs; run++) {
      if (run % 100 === 0) note(`${run} of ${runs}\n`)
      const [, schema] = schemas[run % schemas.length]!
      const row = rows[run % schemas.length]!
      const options = { temperature: TEMPERATURE, seed: seed + run, signal }
      const responseFormat = { type: 'json_schema', schema } as const
      const kept = await write(model, { ...options, maxTokens: tokens, responseFormat })
      const fault = faultOf(kept.text, schema)
      if (fault !== '') note(`${row.schema}, seed ${seed + run}: ${fault}\n`)
      const free = await write(model, { ...options, maxTokens: kept.gapsMs.length + 1, ignoreEos: true })
      for (const one of [row, all]) {
        one.texts++
        if (fault === '') one.valid++
        one.keptMs.push(...kept.gapsMs)
        one.freeMs.push(...free.gapsMs)
      }
    }
    return {
      about: `JSON of ${schemas.length} schemas: ${name}, ${model.info.plan.text}`,
      options: { model: name, runs, tokens, seed, temperature: TEMPERATURE, kernels: model.info.kernels },
      columns: {
        ...{ schema: 'schema', texts: 'texts', valid: 'valid', tokens: 'tokens timed' },
        ...{ keptMs: 'ms per token', freeMs: 'free', overhead: ['overhead', 3] },
      },
      rows: [...rows, all].filter(({ texts }) => texts > 0).map(summary),
      notes: [
        'Milliseconds per token behind the first, as a mean: of texts that keep to the schema, and of free ones with ' +
          'the same seeds and lengths, in turns.',
      ],
    }
  },
})

/** The texts of one schema, and the times of their tokens. */
const createRow = (schema: string) => ({ schema, texts: 0, valid: 0, keptMs: [] as number[], freeMs: [] as number[] })

function summary({ keptMs: kept, freeMs: free, ...counts }: ReturnType<typeof createRow>) {
  const [keptMs, freeMs] = [mean(kept), mean(free)]
  return { ...counts, tokens: kept.length, keptMs, freeMs, overhead: keptMs / freeMs - 1 }
}

interface Written {
  readonly text: string
  /** Time of each token behind the first. */
  readonly gapsMs: readonly number[]
}

async function write(model: Model, options: GenerateOptions): Promise<Written> {
  const generation = model.generate(PROMPT, options)
  const { arrivalsMs } = await timeTokens(tokensOf(generation))
  return { text: (await generation.result).choices[0]!.text, gapsMs: tokenGaps(arrivalsMs) }
}

async function* tokensOf(generation: Generation): AsyncGenerator<number> {
  for await (const { token } of generation) yield token
}

function faultOf(text: string, schema: object): string {
  try {
    return schemaFault(JSON.parse(text), schema as Readonly<Record<string, unknown>>)
  } catch (error) {
    return `${text}: ${error instanceof Error ? error.message : error}`
  }
}
