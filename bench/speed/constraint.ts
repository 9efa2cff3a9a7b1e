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
const RUNS = 1000
const TOKENS = 200
const PROMPT = [1]
/** Flatter than usual, so that texts differ. */
const TEMPERATURE = 1.2

export const bench = defineBench({
  usage: '[MODEL] [--runs 1000] [-n 200] [--seed N] [-t N]',
  positionalsMax: 1,
  options: {
    runs: count(['--runs'], 'texts, spread over the schemas (1000)'),
    tokens: count(['-n', '--tokens'], 'most tokens of a text (200)', 64),
    seed: count(['--seed'], 'seed of the first text (a random one)', 0),
    ...MODEL_OPTIONS,
  },
  async measure(invocation) {
    const { values, signal } = invocation
    const { runs = RUNS, tokens = TOKENS, seed = crypto.getRandomValues(new Uint16Array(1))[0]! } = values
    const { name, path } = benchModel(invocation, MODEL)
    const context = values.context ?? tokens + 64
    await using model = await loadModel(path, { ...loadOptions(values), context, signal })
    await warmUp(async (_, count) => write(model, { maxTokens: count, ignoreEos: true, signal }))
    const schemas = Object.entries(SCHEMAS)
    const rows = schemas.map(([schema]) => new Row(schema))
    const all = new Row('all')
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
      for (const one of [row, all]) one.add(fault === '', kept.gapsMs, free.gapsMs)
    }
    return {
      about: `JSON of ${schemas.length} schemas: ${name}, ${model.info.plan.text}`,
      options: { model: name, runs, tokens, seed, temperature: TEMPERATURE, kernels: model.info.kernels },
      columns: COLUMNS,
      rows: [...rows, all].filter(({ texts }) => texts > 0).map((row) => row.shown()),
      notes: [
        'Milliseconds per token behind the first, as a mean: of texts that keep to the schema, and of free ones with ' +
          'the same seeds and lengths, in turns.',
      ],
    }
  },
})

const COLUMNS = [
  { key: 'schema', title: 'schema' },
  { key: 'texts', title: 'texts' },
  { key: 'valid', title: 'valid' },
  { key: 'tokens', title: 'tokens timed' },
  { key: 'keptMs', title: 'ms per token' },
  { key: 'freeMs', title: 'free' },
  { key: 'overhead', title: 'overhead', decimals: 3 },
]

/** The texts of one schema. */
class Row {
  readonly schema: string
  texts = 0
  #valid = 0
  readonly #keptMs: number[] = []
  readonly #freeMs: number[] = []

  constructor(schema: string) {
    this.schema = schema
  }

  add(isValid: boolean, keptMs: readonly number[], freeMs: readonly number[]): void {
    this.texts++
    if (isValid) this.#valid++
    this.#keptMs.push(...keptMs)
    this.#freeMs.push(...freeMs)
  }

  shown() {
    const keptMs = mean(this.#keptMs)
    const freeMs = mean(this.#freeMs)
    const { schema, texts } = this
    return {
      schema,
      texts,
      valid: this.#valid,
      tokens: this.#keptMs.length,
      keptMs,
      freeMs,
      overhead: keptMs / freeMs - 1,
    }
  }
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
