// Whatever a drafter proposes, real stages write what plain decoding writes: drafters that play a script, every policy and
// number of stages, every way of sampling. The target's cells hold NaN until they are written, so a row that reads a cell
// nobody wrote for it shows as well.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Engine } from '../../engine/engine.ts'
import { openGguf } from '../../engine/gguf/file.ts'
import { loadKernels } from '../../engine/load/kernel-builds.ts'
import { preparePair } from '../../engine/load/prepare.ts'
import type { SamplingOptions } from '../../engine/public/generation.ts'
import { resolveSampling } from '../../engine/sampling/parameters.ts'
import type { DraftFigures } from '../../engine/scheduler/events.ts'
import { type DraftParameters, resolveDraft } from '../../engine/speculation/parameters.ts'
import { createStage, SCRIPT_NAMES, type ScriptName, type Stage, setStage } from '../stages/scripted-drafter.ts'
import { vocabularyOfFile } from '../tokenizer/fake-metadata.ts'
import { EMBEDDED_MODEL } from './started-engine.ts'

const DRAFTER = new URL('../stages/scripted-drafter.js', import.meta.url).href
const POISONED = { href: new URL('../stages/poisoning-forward.js', import.meta.url).href, settings: { all: false } }
const PROMPT = [1, 403, 407, 261, 378, 403, 407, 261, 378, 403, 407]
const VOCABULARY = 512
const END_OF_TEXT = 2
const TOKENS = 32
const CONTEXT = 64

const TEMPERATURES: readonly SamplingOptions[] = [
  { temperature: 0 },
  { temperature: 0.8, seed: 11 },
  { temperature: 1.2, topK: 0, topP: 1, minP: 0, seed: 5 },
]
const WAYS: readonly SamplingOptions[] = [
  {},
  { repeatPenalty: 1.3 },
  { dryMultiplier: 1, xtcProbability: 0.5, xtcThreshold: 0.05, topNSigma: 2, typicalP: 0.95 },
  { logitBias: { 261: 2.5, 432: Number.NEGATIVE_INFINITY, 286: -1 } },
]
const POLICIES = ['sync', 'pipe', 'auto'] as const
const DRAFTS = [{ pMin: 0 }, { pMin: 0, pSplit: 0, nMax: 8 }, { pMin: 0.3, pRecovery: 0.1, pDecay: 0.05 }]

interface Case {
  readonly name: string
  readonly sampling: SamplingOptions
  readonly stopStrings: readonly Uint8Array[]
  /** What plain decoding writes, and why it ends. */
  readonly text: string
  readonly tokens: readonly number[]
}

interface Written {
  readonly tokens: number[]
  reason: string
  drafts: DraftFigures | undefined
}

async function start(stages: number, stage: Stage, isPoisoned: boolean): Promise<Engine & AsyncDisposable> {
  const options = { stages, lanes: stages === 1 ? 2 : 1, context: CONTEXT, sequences: 1, draftStages: 1 }
  const file = openGguf(EMBEDDED_MODEL)
  const { prepared, draft } = preparePair(file, file, { ...options, threads: 2 }, 2)
  const scripted = { ...draft, forward: { href: DRAFTER, settings: stage } }
  const target = isPoisoned ? { ...prepared, forward: POISONED } : prepared
  const engine = await Engine.start(target, loadKernels('auto').module, { draft: scripted })
  engine.setTokenBytes(table.pieces)
  return Object.assign(engine, { [Symbol.asyncDispose]: () => engine.close() })
}

async function write(
  engine: Engine,
  { sampling, stopStrings }: Pick<Case, 'sampling' | 'stopStrings'>,
  draft?: DraftParameters,
): Promise<Written> {
  const written: Written = { tokens: [], reason: '', drafts: undefined }
  const request = {
    kind: 'generate',
    prompt: Int32Array.from(PROMPT),
    parameters: resolveSampling(sampling, VOCABULARY, 1),
    choices: 1,
    tokensMax: TOKENS,
    stopTokens: [END_OF_TEXT],
    stopStrings,
    ...(draft && { draft }),
  } as const
  for await (const event of engine.request(request)) {
    if (event.kind === 'token') written.tokens.push(event.token)
    if (event.kind === 'finish') written.reason = event.reason
    if (event.kind === 'done') written.drafts = event.figures.drafts
  }
  return written
}

const textOf = ({ tokens, reason }: Written): string => `${tokens} ${reason}`

const { table } = vocabularyOfFile(EMBEDDED_MODEL)

function bytesOf(token: number): Uint8Array {
  const { bytes, offsets } = table.pieces
  return bytes.subarray(offsets[token]!, offsets[token + 1]!)
}

/** The end of one token and the beginning of the next, behind the middle of a text. */
function stopAcross(tokens: readonly number[]): Uint8Array {
  const middle = tokens.length >> 1
  return Uint8Array.of(bytesOf(tokens[middle]!).at(-1)!, ...bytesOf(tokens[middle + 1]!))
}

async function plainCases(engine: Engine): Promise<Case[]> {
  const cases: Case[] = []
  const add = async (sampling: SamplingOptions, stopStrings: readonly Uint8Array[]) => {
    const written = await write(engine, { sampling, stopStrings })
    assert.is(written.drafts?.drafted, 0)
    const name = `${JSON.stringify(sampling)}${stopStrings.length > 0 ? ', a stop string' : ''}`
    cases.push({ name, sampling, stopStrings, text: textOf(written), tokens: written.tokens })
    return written
  }
  for (const temperature of TEMPERATURES) {
    for (const way of WAYS) await add({ ...temperature, ...way }, [])
    const free = cases.at(-WAYS.length)!
    const stop = stopAcross(free.tokens)
    const { tokens, reason } = await add(temperature, [stop])
    assert.is(reason, 'stop')
    assert.ok(tokens.length > 4 && tokens.length < free.tokens.length, `${tokens}`)
    assert.ok(stop.length > bytesOf(tokens.at(-1)!).length, 'the stop string lies in one token')
  }
  return cases
}

/** A script that was not played shows. */
function checkPlayed(script: ScriptName, policy: string, drafts: DraftFigures): void {
  const { drafted, accepted, rejections, cancelled, wasted } = drafts
  assert.is(drafted, accepted + cancelled + wasted)
  if (script === 'wrong') assert.is(accepted, 0)
  if (script === 'silent' || script === 'only garbage') assert.is(drafted, 0)
  // A guess of the token that completes a stop string counts as wrong: nothing of it is used.
  if (script === 'right') assert.ok(rejections <= 1, `${rejections} rejections`)
  // What pipe and auto send depends on who is faster; sync waits for its drafter.
  if (policy !== 'sync') return
  if (script === 'right' || script === 'slow' || script === 'right at 0.9') assert.ok(accepted > 0, script)
  if (script === 'wrong') assert.ok(rejections > 0)
}

let cases: readonly Case[] = []
test.before(async () => {
  await using engine = await start(1, createStage(CONTEXT), false)
  cases = await plainCases(engine)
})

for (const stages of [1, 2, 3, 5]) {
  test(`${stages} stages: drafters that play a script change nothing`, async () => {
    const stage = createStage(CONTEXT)
    await using engine = await start(stages, stage, true)
    for (const item of cases) assert.is(textOf(await write(engine, item)), item.text, item.name)
    // So that every policy meets all of them.
    let turn = stages
    for (const script of SCRIPT_NAMES) {
      for (const item of cases) {
        turn++
        setStage(stage, script, [...PROMPT, ...item.tokens, END_OF_TEXT])
        for (const policy of POLICIES) {
          const draft = resolveDraft(policy, DRAFTS[turn++ % DRAFTS.length]!)
          const written = await write(engine, item, draft)
          assert.is(textOf(written), item.text, `${script}, ${item.name}, ${JSON.stringify(draft)}`)
          checkPlayed(script, policy, written.drafts!)
        }
      }
    }
  })
}

test.run()
