// `tsinfer bench`: prompt and generation speed, in rows like llama-bench's.
import { TsinferError } from '../engine/errors.ts'
import type { GenerateOptions, LoadOptions, Model } from '../index.ts'
import {
  type BenchRow,
  csvHeader,
  csvRow,
  type Measured,
  markdownHeader,
  markdownRow,
  summarize,
} from './bench-rows.ts'
import { defineCommand } from './command.ts'
import { EMBEDDED_MODEL, withModel } from './load.ts'
import { draftModelOptions, LOAD_OPTIONS, loadOptions, modelPath, speculationOptions } from './options.ts'
import { write, writeJson } from './output.ts'
import { randomIds } from './random-ids.ts'
import { tune } from './tune.ts'

const PROMPT_LENGTHS = [128, 512]
const GENERATED_LENGTHS = [64]
const REPETITIONS = 3
const WARM_UP_MS = 300

export const command = defineCommand({
  usage: '[MODEL] [-p 128,512] [-n 64] [-r 3] [-o md|json|csv] | [MODEL] --tune',
  positionalsMax: 1,
  options: {
    prompts: {
      kind: 'integers',
      names: ['-p', '--n-prompt'],
      value: 'N,...',
      least: 0,
      help: 'prompt lengths, 0 = none (128,512)',
    },
    generated: {
      kind: 'integers',
      names: ['-n', '--n-gen'],
      value: 'N,...',
      least: 0,
      help: 'tokens to generate, 0 = none (64)',
    },
    repetitions: { kind: 'integer', names: ['-r', '--repetitions'], value: 'N', least: 1, help: 'repetitions (3)' },
    output: {
      kind: 'choice',
      names: ['-o', '--output'],
      value: 'FORMAT',
      choices: ['md', 'json', 'csv'],
      help: 'md, json or csv (md)',
    },
    tune: { kind: 'flag', names: ['--tune'], help: 'measure lanes, chunk and spins; keep the best for this machine' },
    ...LOAD_OPTIONS,
  },
  async run({ values, positionals, signal }) {
    const path = modelPath(values, positionals) ?? EMBEDDED_MODEL
    if (values.tune) return tune(path, tuneOptions(loadOptions(values)), signal)
    const prompts = (values.prompts ?? PROMPT_LENGTHS).filter((length) => length > 0)
    const generated = (values.generated ?? GENERATED_LENGTHS).filter((length) => length > 0)
    const { repetitions = REPETITIONS, output = 'md' } = values
    if (generated.includes(1))
      throw new TsinferError('option_invalid', '-n: expected at least 2 tokens to time, found 1')
    // A prompt is followed by one token, a generation begins after one.
    const context = values.context ?? Math.max(1, ...prompts, ...generated) + 1
    const speculation = speculationOptions(values)
    await withModel(path, { ...loadOptions(values), ...draftModelOptions(values), context }, signal, async (model) => {
      const rows: BenchRow[] = []
      if (output !== 'json') write(output === 'md' ? markdownHeader : csvHeader)
      const report = (row: BenchRow): void => {
        rows.push(row)
        if (output !== 'json') write(output === 'md' ? markdownRow(row) : csvRow(row))
      }
      for (const length of prompts) report(await measure(model, length, 0, repetitions, { signal }))
      for (const length of generated) report(await measure(model, 0, length, repetitions, { ...speculation, signal }))
      if (output === 'json') writeJson(rows)
    })
  },
})

/** What is tuned for holds for the plan that nobody fixed. */
function tuneOptions({ threads, stages, lanes, chunkRows, ...options }: LoadOptions): LoadOptions {
  if ([threads, stages, lanes, chunkRows].every((value) => value === undefined)) return options
  throw new TsinferError('option_invalid', '--tune: expected neither -t, --stages, --lanes nor -ub, found one of them')
}

/** Kernels are compiled again while they run: warms up at least once and for a while, then measures. */
async function measure(
  model: Model,
  promptTokens: number,
  generatedTokens: number,
  repetitions: number,
  settings: GenerateOptions,
): Promise<BenchRow> {
  const isPrompt = promptTokens > 0
  const ids = randomIds(Math.max(1, promptTokens), model.info.vocabularySize)
  const options = { temperature: 0, ignoreEos: true, maxTokens: Math.max(1, generatedTokens), ...settings }
  const startedMs = performance.now()
  do await model.generate(ids, options).result
  while (performance.now() - startedMs < WARM_UP_MS)
  const measured: Measured[] = []
  for (let i = 0; i < repetitions; i++) {
    const { stats } = await model.generate(ids, options).result
    const tokS = isPrompt ? (promptTokens * 1000) / stats.promptMs : stats.tokS
    // Accepted drafts arrive together with the token before them, so single gaps say nothing about speed.
    const hasEvenGaps = !isPrompt && stats.accepted === 0
    measured.push({
      tokS,
      tokSTypical: hasEvenGaps ? 1000 / stats.itlMsP50 : tokS,
      tokSBest: hasEvenGaps ? 1000 / stats.itlMsMin : tokS,
      acceptance: stats.acceptance,
    })
  }
  return summarize(model.info, promptTokens, generatedTokens, measured)
}
