// The runs of one series: the cases of a group take turns on models that stay loaded. A text must come out the same in every
// run.
import { note } from '../../../cli/shell/output.ts'
import { type GenerateResult, loadModel, type Model } from '../../../index.ts'
import { inTurns, type Turns } from '../../harness.ts'
import type { Group, Setup, SpeculationCase } from './cases.ts'
import type { Sample } from './summary.ts'

const PAUSE_MS = 50
/** Of a run of each case before any is measured: kernels are compiled again while they run, and `auto` learns. */
const WARM_UP_TOKENS = 16
const WARM_UP_TOKENS_AUTO = 192

export interface Settings {
  readonly temperature: number
  readonly seed: number
  readonly maxTokens: number
  readonly ignoreEos: boolean
}

/** Loads what the cases need, a model for each way to load it, and runs them in turns. `what`: the name of the series. */
export async function measure(target: string, group: Group, settings: Settings, turns: Turns): Promise<Sample[]> {
  const { what: series, signal } = turns
  const models = new Map<string, Model>()
  const modelOf = async (setup: Setup): Promise<Model> => {
    const key = JSON.stringify(setup)
    const context = Math.max(512, 2 * settings.maxTokens + 256)
    // With the V8 flags that the command line sets, too.
    const model = models.get(key) ?? (await loadModel(target, { ...setup, context, experimentalV8: true, signal }))
    models.set(key, model)
    return model
  }
  const run = async ({ setup, speculation }: SpeculationCase, maxTokens: number): Promise<GenerateResult> => {
    const model = await modelOf(setup)
    return model.generate(group.prompt, { ...settings, speculation, maxTokens, signal }).result
  }
  const samples: Sample[] = []
  let text: string | undefined
  try {
    note(`${series}: warm-up\n`)
    for (const one of group.cases) await run(one, one.speculation === 'auto' ? WARM_UP_TOKENS_AUTO : WARM_UP_TOKENS)
    await inTurns(group.cases, { ...turns, pauseMs: PAUSE_MS }, async (one, round) => {
      const { choices, stats } = await run(one, settings.maxTokens)
      const ids = choices[0]!.ids.join()
      text ??= ids
      if (ids !== text) throw new Error(`${one.name}: expected the text of the other runs, found another`)
      const { tokS, drafted, accepted, tokensPerRun, speculation: why, kernels } = stats
      samples.push({ series, round, name: one.name, tokS, drafted, accepted, tokensPerRun, why, kernels })
    })
  } finally {
    for (const model of models.values()) await model.close()
  }
  // Rows are in the order of the group, whichever way the first round went.
  const place = ({ name }: Sample) => group.cases.findIndex((one) => one.name === name)
  return samples.toSorted((a, b) => a.round - b.round || place(a) - place(b))
}
