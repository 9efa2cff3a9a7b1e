// The runs of one series: the cases of a group take turns on models that stay loaded, so that a machine whose speed drifts
// is the same for all of a round. A text must come out the same in every run.
import { setTimeout as sleep } from 'node:timers/promises'
import { note } from '../../../cli/shell/output.ts'
import { type GenerateResult, loadModel, type Model } from '../../../index.ts'
import type { Group, Setup, SpeculationCase } from './cases.ts'
import type { Sample } from './summary.ts'

/** After a run, so that threads which spin for a while have parked before the next one. */
const PAUSE_MS = 50
/** Of a run of each case before any is measured: kernels are compiled again while they run, and `auto` learns. */
const WARM_UP_TOKENS = 16
const WARM_UP_TOKENS_AUTO = 192

export interface Settings {
  readonly temperature: number
  readonly seed: number
  readonly maxTokens: number
  readonly ignoreEos: boolean
  readonly signal: AbortSignal
}

/** Rounds of a series; `begun` of them were run before. */
export interface Series {
  readonly series: string
  readonly begun: number
  readonly rounds: number
}

/** Loads what the cases need, a model for each way to load it, and runs them in turns, every other round backwards. */
export async function measure(
  target: string,
  group: Group,
  settings: Settings,
  { series, begun, rounds }: Series,
): Promise<Sample[]> {
  const models = new Map<string, Model>()
  const modelOf = async ({ setup }: SpeculationCase): Promise<Model> => {
    const key = JSON.stringify(setup)
    const model = models.get(key) ?? (await load(target, setup, settings))
    models.set(key, model)
    return model
  }
  const samples: Sample[] = []
  try {
    const run = async (speculationCase: SpeculationCase, maxTokens: number): Promise<GenerateResult> => {
      const model = await modelOf(speculationCase)
      const { speculation } = speculationCase
      const result = await model.generate(group.prompt, { ...settings, speculation, maxTokens }).result
      await sleep(PAUSE_MS)
      return result
    }
    note(`${series}: warm-up\n`)
    for (const speculationCase of group.cases) {
      await run(speculationCase, speculationCase.speculation === 'auto' ? WARM_UP_TOKENS_AUTO : WARM_UP_TOKENS)
    }
    let text: string | undefined
    for (let round = begun; round < begun + rounds; round++) {
      note(`${series}: round ${round + 1} of ${begun + rounds}\n`)
      for (const speculationCase of round % 2 === 0 ? group.cases : group.cases.toReversed()) {
        const { choices, stats } = await run(speculationCase, settings.maxTokens)
        const ids = choices[0]!.ids.join()
        text ??= ids
        if (ids !== text) throw new Error(`${speculationCase.name}: expected the text of the other runs, found another`)
        const { tokS, drafted, accepted, tokensPerRun, speculation: why, kernels } = stats
        samples.push({ series, round, name: speculationCase.name, tokS, drafted, accepted, tokensPerRun, why, kernels })
      }
    }
  } finally {
    for (const model of models.values()) await model.close()
  }
  // Rows are in the order of the group, whichever way the first round went.
  const place = ({ name }: Sample) => group.cases.findIndex((speculationCase) => speculationCase.name === name)
  return samples.toSorted((a, b) => a.round - b.round || place(a) - place(b))
}

const load = (target: string, setup: Setup, { maxTokens, signal }: Settings): Promise<Model> =>
  // With the V8 flags that the command line sets, too.
  loadModel(target, { ...setup, context: Math.max(512, 2 * maxTokens + 256), experimentalV8: true, signal })
