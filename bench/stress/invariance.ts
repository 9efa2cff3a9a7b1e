// The promise of one text everywhere, across engines: runs the built library under several Node binaries and compares
// digests of ids and logits. Fails (exit code 1) where any differs.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { EMBEDDED_MODEL } from '../../cli/shell/load.ts'
import { note } from '../../cli/shell/output.ts'
import { TsinferError } from '../../engine/index.ts'
import { defineBench, text } from '../harness.ts'
import type { LayoutDigest } from './invariance-digest.ts'

const run = promisify(execFile)
const DIGEST = fileURLToPath(new URL('./invariance-digest.js', import.meta.url))
const SHARED = process.env.TSINFER_SHARED ?? fileURLToPath(new URL('../../../../shared', import.meta.url))
/** Vectors beside a developer's checkout; left out where they are absent. */
const SHARED_MODELS = [
  'models/stories260K/stories260K-q8_0.gguf',
  'models/stories260K/stories260K-q4_0.gguf',
  'vectors/parity/wide-Q4_K_M.gguf',
].map((relative) => `${SHARED}/${relative}`)

export const bench = defineBench({
  models: 'several',
  options: { node: text(['--node'], 'FILE,...', 'Node binaries beside this one') },
  async measure({ values, positionals, signal }) {
    const nodes = [process.execPath, ...(values.node?.split(',') ?? [])]
    const missing = nodes.find((node) => !existsSync(node))
    if (missing !== undefined)
      throw new TsinferError('option_invalid', `--node: expected a Node binary, found ${missing}`)
    const models = positionals.length > 0 ? positionals : [EMBEDDED_MODEL, ...SHARED_MODELS.filter(existsSync)]
    const rows: Row[] = []
    for (const model of models) {
      const first = rows.length
      for (const node of nodes) {
        note(`${basename(model)}: ${node}\n`)
        rows.push(...(await digest(model, node, rows[first]?.digest, signal)))
      }
    }
    const differing = rows.filter(({ isEqual }) => !isEqual).length
    if (differing > 0) process.exitCode = 1
    const absent = positionals.length > 0 ? [] : SHARED_MODELS.filter((path) => !existsSync(path))
    return {
      about: 'Greedy ids, sampled ids and logits, to the bit, under several Node versions',
      options: { nodes, models },
      columns: {
        ...{ model: 'model', node: 'Node', layout: 'kernels, stages x lanes', digest: 'digest', isEqual: 'equal' },
      },
      rows,
      notes: [
        `${rows.length - differing} equal, ${differing} different.`,
        ...absent.map((path) => `Left out, not found: ${basename(path)}`),
      ],
    }
  },
})

interface Row extends LayoutDigest {
  readonly model: string
  /** Its version; of a failed run the binary. */
  readonly node: string
  readonly isEqual: boolean
}

/** Rows of one model under one binary, compared with `expected` or else with the first of them. */
async function digest(model: string, node: string, expected: string | undefined, signal: AbortSignal): Promise<Row[]> {
  const name = basename(model, '.gguf')
  try {
    const { stdout } = await run(node, [DIGEST, model], { signal })
    const { node: version, digests } = JSON.parse(stdout) as { node: string; digests: LayoutDigest[] }
    const wanted = expected ?? digests[0]!.digest
    return digests.map((row) => ({ ...row, model: name, node: version, isEqual: row.digest === wanted }))
  } catch (error) {
    signal.throwIfAborted()
    return [{ model: name, node, layout: '-', digest: reason(error), isEqual: false }]
  }
}

/** The last line a failed child printed. */
function reason(error: unknown): string {
  const { stderr = '', message } = error as Error & { stderr?: string }
  return stderr.trim().split('\n').at(-1) || message
}
