// Run by the invariance bench under any Node binary: what a model computes, to the bit, as a digest per layout.
//   node dist/bench/stress/invariance-digest.js MODEL
// Prints one line of JSON. Logits come from the engine itself, so that no Math function of the caller takes part.
import { createHash } from 'node:crypto'
import { Engine, enableRelaxedSimd, loadKernels, openGguf, prepareModel, resolveSampling } from '../../engine/index.ts'
import { usableBuilds } from '../../engine/load/kernel-builds.ts'

const PROMPT = [1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315, 421, 395, 317]
const TOKENS = 80
const TOP = 64
/** A model is asked again and again: what one request leaves behind must not change the next. */
const REPETITIONS = 3

// First of all: builds that were compiled without it are missing.
enableRelaxedSimd()

/** Every build in one thread and in four, and a lane beside another row by row. */
const LAYOUTS = [
  ...usableBuilds().flatMap((kernels) => [
    { kernels, stages: 1, lanes: 1, chunkRows: 64 },
    { kernels, stages: 2, lanes: 2, chunkRows: 7 },
  ]),
  { kernels: 'plain', stages: 1, lanes: 2, chunkRows: 1 },
] as const

export interface LayoutDigest {
  /** What ran: `relaxed, 2 x 2, chunk 7`. */
  readonly layout: string
  /** Of greedy ids, sampled ids and the logits along the greedy text; several where repetitions differ. */
  readonly digest: string
}

async function digestOf(path: string, { kernels, ...options }: (typeof LAYOUTS)[number]): Promise<LayoutDigest> {
  const model = prepareModel(openGguf(path), { ...options, context: PROMPT.length + TOKENS }, 2)
  const { build, module } = loadKernels(kernels)
  const engine = await Engine.start(model, module)
  const digests = new Set<string>()
  try {
    for (let i = 0; i < REPETITIONS; i++) digests.add(await digestOnce(engine, model.config.vocabularySize))
  } finally {
    await engine.close()
  }
  const layout = `${build}, ${options.stages} x ${options.lanes}, chunk ${options.chunkRows}`
  return { layout, digest: [...digests].join(' ') }
}

async function digestOnce(engine: Engine, vocabularySize: number): Promise<string> {
  const hash = createHash('sha256')
  const add = (numbers: ArrayBufferView): void => {
    hash.update(new Uint8Array(numbers.buffer as ArrayBuffer, numbers.byteOffset, numbers.byteLength))
  }
  const generate = async (temperature: number): Promise<number[]> => {
    const parameters = resolveSampling({ temperature, seed: 7 }, vocabularySize, 7)
    const request = { prompt: Int32Array.from(PROMPT), parameters, choices: 1, tokensMax: TOKENS }
    const ids: number[] = []
    for await (const event of engine.request({ kind: 'generate', ...request, stopTokens: [], stopStrings: [] })) {
      if (event.kind === 'token') ids.push(event.token)
    }
    add(Int32Array.from(ids))
    return ids
  }
  const greedy = await generate(0)
  await generate(1)
  const prompt = Int32Array.from([...PROMPT, ...greedy])
  for await (const event of engine.request({ kind: 'score', prompt, from: 0, top: TOP })) {
    if (event.kind !== 'score') continue
    const { ids, logits, logsumexp, nextLogit } = event.row
    for (const numbers of [ids, logits, new Float64Array([logsumexp, nextLogit])]) add(numbers)
  }
  return hash.digest('hex').slice(0, 16)
}

try {
  const digests: LayoutDigest[] = []
  for (const layout of LAYOUTS) digests.push(await digestOf(process.argv[2]!, layout))
  console.log(JSON.stringify({ node: process.versions.node, digests }))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
