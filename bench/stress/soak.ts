// Many requests that speculate, share the pipeline and are aborted at random: whether anything stalls or stays behind.
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { modelPath } from '../../cli/shell/options.ts'
import { note } from '../../cli/shell/output.ts'
import { type GenerateOptions, loadModel, type Model } from '../../index.ts'
import { createRandom, type Random } from '../forge/random.ts'
import { count, defineBench, text } from '../harness.ts'
import { CACHE_OPTION, EMBEDDED_DRAFT, MODEL_NAMES, modelFile } from '../model-files.ts'

/**
 * Before anything counts. What is alive stays the same from the beginning, in the caller (7 to 9 MB) as in the conductor (7),
 * but V8 lets heaps grow for a while before it collects them, and the caller's longest: 200,000 tokens in Node 26. So what
 * that heap holds without using it is told apart.
 */
const WARM_UP_TOKENS = 50_000
const MODEL = 'stories260K'
const ROUNDS = 10
const STAGES = 2
const PLACES = 3
/** Requests beyond those that run, which wait. */
const WAITING = 2
const CONTEXT = 256
const PROMPT_MAX = 96
const STALL_MS = 60_000
/** Of the least of the second half of the rounds over that of the first: between collections any heap grows. */
const GROWN_LIMIT = 1.03

export const bench = defineBench({
  models: 'one',
  options: {
    model: text(['-m', '--model'], 'NAME', `${MODEL_NAMES} (${MODEL})`),
    draftModel: text(['-md', '--draft-model'], 'NAME', 'its drafter, likewise (stories75K)'),
    tokens: count(['--tokens'], 'tokens to generate', { usual: 50_000, least: ROUNDS }),
    places: count(['--places'], 'requests that run at once', { usual: PLACES, most: 32 }),
    warmUp: count(['--warm-up'], 'tokens before them', { usual: WARM_UP_TOKENS, least: 0 }),
    seed: count(['--seed'], 'of everything random', { usual: 1, least: 0 }),
    cache: CACHE_OPTION,
  },
  async measure({ values, positionals }) {
    const { tokens, places, warmUp, seed, draftModel, cache } = values
    const name = modelPath(values, positionals) ?? MODEL
    const drafter = draftModel === undefined ? EMBEDDED_DRAFT : modelFile(draftModel, cache)
    await using soak = await Soak.start(modelFile(name, cache), drafter, places)
    const before = memoryInUse()
    if (warmUp > 0) await soak.round(warmUp, createRandom(seed))
    const rows: (SoakRound & { readonly round: number })[] = []
    for (let round = 1; round <= ROUNDS; round++) {
      // The last ones make the same requests as the first ones, so that their speeds compare.
      const random = createRandom(seed + Math.min(round, ROUNDS + 1 - round))
      rows.push({ round, ...(await soak.round(Math.ceil(tokens / ROUNDS), random)) })
      note(`round ${round} of ${ROUNDS}\n`)
    }
    const inUseMb = rows.map((row) => row.inUseMb)
    const [firstMb, lastMb] = [Math.min(...inUseMb.slice(0, ROUNDS / 2)), Math.min(...inUseMb.slice(ROUNDS / 2))]
    const isFlat = lastMb < firstMb * GROWN_LIMIT
    const speedKept = rows.at(-1)!.tokS / rows[0]!.tokS
    return {
      about: `${tokens} tokens of requests that speculate and are aborted at random: ${name}, ${soak.model.info.plan.text}`,
      options: { model: name, draftModel, tokens, places, warmUp, seed, speedKept },
      columns: {
        ...{ round: 'round', tokens: 'tokens', requests: 'requests', aborted: 'aborted', accepted: 'drafts accepted' },
        tokS: 'tok/s',
        ...{ heapMb: ["caller's heap MB", 1], residentMb: ['RSS MB', 1], inUseMb: ['without unused heap', 1] },
      },
      rows,
      notes: [
        'Behind every round nothing was live, a request took all cells and all sequences, and a text came out as it did at',
        `first. Before the warm-up of ${warmUp} tokens ${before.inUseMb.toFixed(1)} MB were in use. The least of the last ${ROUNDS / 2} rounds is`,
        `${(lastMb - firstMb).toFixed(1)} MB above that of the ${ROUNDS / 2} before (limit ${((GROWN_LIMIT - 1) * 100).toFixed(0)} %): ${isFlat ? 'flat' : 'NOT flat'}.`,
        `Speed of the last round over that of the first, with the same requests: ${speedKept.toFixed(3)}.`,
      ],
    }
  },
})

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

function memoryInUse(): Pick<SoakRound, 'heapMb' | 'residentMb' | 'inUseMb'> {
  collectGarbage()
  const { used_heap_size: used, total_physical_size: held } = getHeapStatistics()
  const resident = process.memoryUsage.rss()
  return { heapMb: used / 1e6, residentMb: resident / 1e6, inUseMb: (resident - held + used) / 1e6 }
}

export interface SoakRound {
  readonly tokens: number
  readonly requests: number
  readonly aborted: number
  /** Of the requests that were not aborted. */
  readonly accepted: number
  /** Of all requests together, prompts and aborts included. */
  readonly tokS: number
  /** Behind the round, when what is not used any more has been collected in this thread (in others V8 decides when). */
  readonly heapMb: number
  readonly residentMb: number
  /** Resident, but for what this thread's heap keeps for later. */
  readonly inUseMb: number
}

type Counts = { -readonly [name in Exclude<keyof SoakRound, 'tokS' | 'heapMb' | 'residentMb' | 'inUseMb'>]: number }

export class Soak implements AsyncDisposable {
  readonly model: Model
  readonly #places: number
  /** What `#checkWhole` generated first. */
  #text: string | undefined

  private constructor(model: Model, places: number) {
    this.model = model
    this.#places = places
  }

  static async start(path: string, draftModel: string, places = PLACES): Promise<Soak> {
    const options = { stages: STAGES, sequences: places, context: CONTEXT, draftModel }
    return new Soak(await loadModel(path, options), places)
  }

  /** Requests until `tokens` tokens have come. Throws when one stalls, fails, or leaves something behind. */
  async round(tokens: number, random: Random): Promise<SoakRound> {
    const counts: Counts = { tokens: 0, requests: 0, aborted: 0, accepted: 0 }
    const startedMs = performance.now()
    const streams = Array.from({ length: this.#places + WAITING }, async () => {
      while (counts.tokens < tokens) await this.#request(counts, random)
    })
    await Promise.all(streams)
    const tokS = (counts.tokens * 1000) / (performance.now() - startedMs)
    const { requestsLive } = this.model.stats()
    if (requestsLive !== 0) throw new Error(`soak: expected no live request behind a round, found ${requestsLive}`)
    counts.accepted += await this.#checkDrafting()
    await this.#checkWhole()
    return { ...counts, tokS, ...memoryInUse() }
  }

  async #request(counts: Counts, random: Random): Promise<void> {
    const { vocabularySize } = this.model.info
    counts.requests++
    const prompt = Array.from({ length: random.int(1, PROMPT_MAX) }, () => random.int(3, vocabularySize - 1))
    const leaving = new AbortController()
    let hasStalled = false
    const stall = setTimeout(() => {
      hasStalled = true
      leaving.abort()
    }, STALL_MS)
    const tokensMax = random.chance(0.5) ? random.int(0, 40) : Number.POSITIVE_INFINITY
    // While it waits, or in its prefill.
    if (tokensMax === 0) setTimeout(() => leaving.abort(), random.int(0, 5))
    const generation = this.model.generate(prompt, { ...drawOptions(random, this.#places), signal: leaving.signal })
    let seen = 0
    try {
      for await (const _ of generation) {
        counts.tokens++
        if (++seen === tokensMax) leaving.abort()
      }
      counts.accepted += (await generation.result).stats.accepted
    } catch (error) {
      if (hasStalled || !leaving.signal.aborted) throw error
      counts.aborted++
    } finally {
      clearTimeout(stall)
    }
  }

  /** Drafts accepted of a text that the drafter knows well: however the random requests went, there are some. */
  async #checkDrafting(): Promise<number> {
    const { stats } = await this.model.generate([1], {
      ...{ speculation: 'sync', temperature: 0, maxTokens: CONTEXT - 1, ignoreEos: true },
      signal: AbortSignal.timeout(STALL_MS),
    }).result
    return stats.accepted
  }

  /** All sequences with all their cells at once: it would wait for ever for any that is lost. */
  async #checkWhole(): Promise<void> {
    const { choices } = await this.model.generate([1], {
      ...{ choices: this.#places, temperature: 1, seed: 7, maxTokens: CONTEXT - 1, ignoreEos: true },
      ...{ speculation: 'off', signal: AbortSignal.timeout(STALL_MS) },
    }).result
    const text = choices.map(({ ids }) => ids.join()).join(';')
    this.#text ??= text
    if (text !== this.#text) throw new Error(`soak: expected the tokens ${this.#text}, found ${text}`)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.model.close()
  }
}

const drawOptions = (random: Random, places: number): GenerateOptions => ({
  speculation: random.pick(['off', 'sync', 'pipe', 'pipe'] as const),
  draft: { pMin: random.pick([0, 0.3, 0.5]), pSplit: random.pick([0, 0.3, 1]), nMax: random.int(1, 8) },
  temperature: random.pick([0, 0.8, 1.2]),
  seed: random.int(0, 1000),
  choices: random.pick([1, 1, 1, places]),
  maxTokens: random.int(1, 100),
  ignoreEos: true,
})
