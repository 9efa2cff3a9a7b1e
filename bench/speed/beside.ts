// What is slow beside the tokens, schemas to compile and templates to render: do the texts that are being written notice?
// In turns with a control, a process that burns the same processor time.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { randomIds } from '../../cli/measure/random-ids.ts'
import { median } from '../../cli/shell/figures.ts'
import { loadOptions } from '../../cli/shell/options.ts'
import { type ChatMessage, loadModel, type Model } from '../../index.ts'
import { LiveText, timeGeneration, warmUp } from '../generation.ts'
import { count, defineBench, inTurns } from '../harness.ts'
import { benchModel, MODEL_OPTIONS } from '../model-files.ts'
import { percentile } from '../statistics.ts'

const MODEL = '1b-Q4_0'
const TEXT_PROMPT = 16
/** Tokens of each text before anything else begins. */
const BEFORE_TOKENS = 8
const MEANWHILE_TOKENS = 1024
const MESSAGES = 100
/** Of the p95 of the gaps, to that of the control. */
const LIMIT = 1.1

export const bench = defineBench({
  models: 'one',
  options: {
    tasks: count(['--tasks'], 'schemas to compile, and as many templates to render', { usual: 200 }),
    texts: count(['--texts'], 'texts that are being written', { usual: 8, most: 32 }),
    rounds: count(['-r', '--rounds'], 'how often', { usual: 2 }),
    ...MODEL_OPTIONS,
  },
  async measure(invocation) {
    const { values, signal } = invocation
    const { tasks, texts, rounds } = values
    const { name, path } = benchModel(invocation, MODEL)
    const context = TEXT_PROMPT + BEFORE_TOKENS + MEANWHILE_TOKENS
    await using model = await loadModel(path, { ...loadOptions(values), context, sequences: texts, signal })
    await warmUp((length, tokens) =>
      timeGeneration(model, randomIds(length, model.info.vocabularySize), tokens, signal),
    )
    const gaps: Record<'tasks' | 'control', number[]> = { tasks: [], control: [] }
    const burnt: number[] = []
    await inTurns(['tasks', 'control'] as const, { what: 'texts', rounds, signal }, async (kind) => {
      const begun = process.cpuUsage()
      await workAlone(model, tasks)
      const { user, system } = process.cpuUsage(begun)
      const burnMs = (user + system) / 1000
      burnt.push(burnMs)
      gaps[kind].push(
        ...(await gapsDuring(model, texts, () => (kind === 'tasks' ? workAlone(model, tasks) : burn(burnMs)))),
      )
    })
    const [tasksMsP95, controlMsP95] = [percentile(gaps.tasks, 0.95), percentile(gaps.control, 0.95)]
    const ofControl = tasksMsP95 / controlMsP95
    const row = { texts, tasks, burnMs: median(burnt), tasksMsP95, controlMsP95, ofControl }
    return {
      about: `${tasks} schemas and ${tasks} templates beside ${texts} texts: ${name}, ${model.info.plan.text}`,
      options: { model: name, tasks, texts, rounds, plan: model.info.plan, kernels: model.info.kernels },
      columns: {
        ...{ texts: 'texts', tasks: 'of each', burnMs: ['processor ms', 0], tasksMsP95: 'gap, p95 ms' },
        ...{ controlMsP95: 'control, p95 ms', ofControl: ['of control', 2], isWithinLimit: 'within limit' },
      },
      rows: [{ ...row, isWithinLimit: ofControl <= LIMIT }],
      notes: [`The control burns the processor time of the tasks in another process. Limit: ${LIMIT}.`],
    }
  },
})

let made = 0

/** Schemas that nobody has compiled, and chats that are too long to be answered: nothing is evaluated for them. */
async function workAlone(model: Model, tasks: number): Promise<void> {
  const refused = (result: Promise<unknown>) => result.catch(() => {})
  const ended: Promise<unknown>[] = []
  for (let i = 0; i < tasks; i++) {
    const schema = schemaOf(made++)
    const responseFormat = { type: 'json_schema', schema } as const
    ended.push(refused(model.generate([1], { maxTokens: 0, responseFormat }).result))
    ended.push(refused(model.chat(MANY_MESSAGES, { chatTemplate: TEMPLATE }).result))
  }
  await Promise.all(ended)
}

const MANY_MESSAGES: readonly ChatMessage[] = Array.from({ length: MESSAGES }, (_, i) => ({
  role: i % 2 === 0 ? 'user' : 'assistant',
  content: 'Once upon a time there was a little girl who had a dog and a cat. '.repeat(2),
}))
const TEMPLATE = '{% for m in messages %}{{ m.role | upper }}: {{ m.content | trim }}\n{% endfor %}'

const schemaOf = (seed: number) => ({
  type: 'object',
  properties: Object.fromEntries(
    Array.from({ length: 12 }, (_, i) => [
      `member ${seed} ${i}`,
      { enum: [`value ${i}`, i, { deep: [i, `${seed}`] }] },
    ]),
  ),
  required: [`member ${seed} 0`, `member ${seed} 5`],
  additionalProperties: false,
})

/** The gaps of so many texts while something else goes on. */
async function gapsDuring(model: Model, texts: number, work: () => Promise<unknown>): Promise<number[]> {
  const live = Array.from(
    { length: texts },
    (_, i) => new LiveText(model, randomIds(TEXT_PROMPT, model.info.vocabularySize, made + i)),
  )
  await Promise.all(live.map((text) => text.has(BEFORE_TOKENS)))
  const lengths = live.map(({ arrivalsMs }) => arrivalsMs.length)
  await work()
  // The last gap that the work has a part in.
  await Promise.all(live.map((text) => text.has(text.arrivalsMs.length + 1)))
  for (const text of live) text.leave()
  return live.flatMap(({ arrivalsMs }, i) => {
    const during = arrivalsMs.slice(lengths[i]! - 1)
    return during.slice(1).map((endMs, gap) => endMs - during[gap]!)
  })
}

const BURN = 'const ms = Number(process.argv[1]); while (process.cpuUsage().user / 1000 < ms);'

async function burn(ms: number): Promise<void> {
  await once(spawn(process.execPath, ['-e', BURN, String(ms)], { stdio: 'ignore' }), 'exit')
}
