// Many requests at once: all prompts together, then all texts together, with the usual sampling. Beside other engines in
// turns, where they are installed, and beside what the stages could do.
import { basename } from 'node:path'
import { machineTopology } from '../../engine/index.ts'
import { count, counts, defineBench, text } from '../harness.ts'
import { CACHE_OPTION, MODEL_NAMES, modelFile } from '../model-files.ts'
import type { Columns } from '../report.ts'
import { type BatchFigures, type BatchTest, batchFigures } from './batch-summary.ts'
import { engineNames } from './engine-process.ts'
import { isInstalled } from './installed.ts'
import type { Batched } from './protocol.ts'
import { type EnginePlan, engineTurns, withEngines } from './turns.ts'

const MODEL = '1b-Q4_0'
const OWN = 'tsinfer'
const PEER = 'node-llama-cpp'
/** Tokens that a text may have for every text that begins after it. */
const LEAD_TOKENS = 2

export const bench = defineBench({
  models: 'several',
  options: {
    requests: counts(['--requests'], 'requests at once', { usual: [1, 4, 8, 16], least: 1, most: 64 }),
    prompt: count(['--prompt', '-p'], 'tokens of each prompt', { usual: 64 }),
    tokens: count(['--tokens', '-n'], 'tokens of each text', {
      usual: 48,
      least: 2,
    }),
    rounds: count(['--rounds', '-r'], 'turns of each engine', { usual: 1 }),
    engines: text(['--engines'], 'NAME,...', `in turns (${OWN}, and ${PEER} where it is installed)`),
    threads: count(['--threads', '-t'], 'cores to use (all usable ones)'),
    node: text(['--node'], 'FILE', 'Node binary for all engines (this one)'),
    cache: CACHE_OPTION,
  },
  async measure({ values, positionals, signal }) {
    const { requests, prompt, tokens, rounds, node = process.execPath } = values
    const threads = values.threads ?? machineTopology().usableCores
    const engines = engineNames(values.engines ?? [OWN, ...(isInstalled(PEER) ? [PEER] : [])].join())
    const plan: EnginePlan = { engines, loads: 1, threads, peerThreads: threads, mayMap: true, node }
    const sequences = Math.max(...requests)
    // Texts that begin early go on until the last one has ended.
    const room = { context: prompt + tokens + LEAD_TOKENS * sequences, sequences }
    const tests = requests.map((together): BatchTest => ({ requests: together, prompt }))
    const rows: object[] = []
    const notes: string[] = []
    for (const model of positionals.length > 0 ? positionals : [MODEL]) {
      const path = modelFile(model, values.cache)
      const name = basename(path, '.gguf')
      await withEngines(name, path, plan, room, signal, async (loaded) => {
        const found = new Map(tests.map((test) => [test, loaded.map((): Batched[] => [])]))
        await engineTurns(name, tests, loaded, { rounds, signal }, async (test, engine) => {
          const batched = await engine.process.batch({ ...test, tokens })
          found.get(test)![loaded.indexOf(engine)]!.push(batched)
        })
        for (const [test, ofEngines] of found) {
          rows.push(
            row(
              name,
              test,
              engines,
              ofEngines.map((times) => batchFigures(test, times)),
            ),
          )
        }
        notes.push(...loaded.map(({ loaded: { version, settings } }) => `- ${name}: ${version}: ${settings}`))
      })
    }
    return {
      about: `Requests side by side, prompts of ${prompt} tokens, texts of ${tokens}, ${threads} threads, ${rounds} rounds`,
      options: { ...plan, node: basename(node), requests, prompt, tokens, rounds },
      columns: columnsOf(engines),
      rows,
      notes: [
        'tok/s: of all texts, while all are written. Busy: share of the time that the stages computed. Of possible: beside',
        'full micro-batches all the time. First token: of prompts that arrive at once.',
        `A model is ${MODEL_NAMES}.`,
        ...notes,
      ],
    }
  },
})

/** An engine's figures behind its name; ratios are the first engine's speed over each other one's. */
function row(model: string, { requests }: BatchTest, engines: readonly string[], figures: readonly BatchFigures[]) {
  const [first] = figures
  const fields = figures.flatMap((of, i) => [
    ...Object.entries(of).map(([name, value]) => [`${engines[i]}.${name}`, value]),
    [`${engines[i]}.ratio`, first!.tokS / of.tokS],
  ])
  return { model, requests, ...Object.fromEntries(fields) }
}

function columnsOf([first, ...others]: readonly string[]): Columns {
  const gaps = (engine: string): Columns => ({
    ...{ [`${engine}.gapMsP50`]: 'gap p50 ms', [`${engine}.gapMsP95`]: 'p95 ms' },
    ...{ [`${engine}.firstMsP50`]: ['first token p50 ms', 0], [`${engine}.firstMsMax`]: ['last ms', 0] },
  })
  const other = (engine: string): Columns => ({
    ...{ [`${engine}.tokS`]: `${engine} tok/s`, [`${engine}.ratio`]: ['ratio', 2], ...gaps(engine) },
  })
  return {
    ...{ model: 'model', requests: 'requests', [`${first}.tokS`]: `${first} tok/s` },
    ...{ [`${first}.ofPossible`]: ['of possible', 3], [`${first}.busyShare`]: ['busy', 3] },
    ...{ [`${first}.rows`]: ['rows', 1], [`${first}.ofPrompt`]: ['of prompt speed', 2] },
    ...gaps(first!),
    ...Object.assign({}, ...others.map(other)),
  }
}
