// `tsinfer bench --tune`: measures what the plan could be, one number after the other, and keeps the best.
import { printable } from '../../engine/quoted.ts'
import { keepTuning, type LoadOptions, loadModel, type Model, machineTopology, type Tuning } from '../../index.ts'
import { median } from '../shell/figures.ts'
import { write } from '../shell/output.ts'
import { tuningFolder } from './cache.ts'
import { randomIds } from './random-ids.ts'

/** What is not the plan's must be this much faster: less is chance. */
const GAIN_LEAST = 1.03
const SPINS = [0, 2_000, 20_000, 200_000]
const CHUNK_ROWS = [32, 64, 128]
const DECODED_TOKENS = 32
const PROMPT_TOKENS = 128
const TURNS = 3

type MeasuredWork = 'decode' | 'prompt'

/** Tokens per second of each choice, taken in turns. */
type MeasureSpeeds = (choices: readonly Tuning[], kind: MeasuredWork) => Promise<number[]>

/** Prints what was measured and chosen, and keeps it in the user's cache. */
export async function tune(path: string, options: LoadOptions, signal: AbortSignal): Promise<void> {
  const measureSpeeds: MeasureSpeeds = async (choices, kind) => {
    const speeds = choices.map((): number[] => [])
    for (let turn = 0; turn < TURNS; turn++) {
      for (const [i, choice] of choices.entries()) {
        await using model = await loadModel(path, { ...options, ...choice, context: PROMPT_TOKENS + 1, signal })
        speeds[i]!.push(await speedOf(model, kind, signal))
      }
    }
    return speeds.map(median)
  }
  const tuning = await chooseTuning(await plannedTuning(path, options, signal), measureSpeeds)
  write(`chosen: ${shownTuning(tuning)}\n`)
  write(`kept: ${printable(keepTuning(tuningFolder(), path, tuning))}\n`)
}

async function plannedTuning(path: string, options: LoadOptions, signal: AbortSignal): Promise<Tuning> {
  await using model = await loadModel(path, { ...options, signal })
  const { lanes, chunkRows, barrierSpins } = model.info.plan
  return { lanes, chunkRows, barrierSpins }
}

/** Tunes one number after the other, beginning with what is planned. Prints every step. */
async function chooseTuning(planned: Tuning, measureSpeeds: MeasureSpeeds): Promise<Tuning> {
  let best = planned
  const choose = async (name: keyof Tuning, values: readonly number[], kind: MeasuredWork): Promise<void> => {
    const others = [...new Set(values)].filter((value) => value !== best[name])
    const choices = [best, ...others.map((value) => ({ ...best, [name]: value }))]
    const speeds = await measureSpeeds(choices, kind)
    for (const [i, choice] of choices.entries()) {
      write(`${kind}: ${shownTuning(choice)}: ${speeds[i]!.toFixed(1)} tok/s\n`)
    }
    const fastest = Math.max(...speeds)
    if (fastest >= speeds[0]! * GAIN_LEAST) best = choices[speeds.indexOf(fastest)]!
  }
  const { usableCores } = machineTopology()
  await choose('lanes', [1, Math.ceil(usableCores / 2), usableCores], 'decode')
  if (best.lanes > 1) await choose('barrierSpins', SPINS, 'decode')
  await choose('chunkRows', CHUNK_ROWS, 'prompt')
  return best
}

async function speedOf(model: Model, kind: MeasuredWork, signal: AbortSignal): Promise<number> {
  const ids = randomIds(kind === 'prompt' ? PROMPT_TOKENS : 1, model.info.vocabularySize)
  const options = {
    temperature: 0,
    ignoreEos: true,
    cachePrompt: false,
    maxTokens: kind === 'prompt' ? 1 : DECODED_TOKENS,
    signal,
  }
  // While kernels run for the first time they are compiled.
  await model.generate(ids, options).result
  const { stats } = await model.generate(ids, options).result
  return kind === 'prompt' ? (PROMPT_TOKENS * 1000) / stats.promptMs : 1000 / stats.itlMsP50
}

const shownTuning = ({ lanes, chunkRows, barrierSpins }: Tuning): string =>
  `${lanes} lane${lanes === 1 ? '' : 's'}, chunk ${chunkRows}, ${barrierSpins} spins`
