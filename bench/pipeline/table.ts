// The policies side by side on emulated hardware: on a virtual clock, and on real threads beside it.
import { note } from '../../cli/shell/output.ts'
import { count, counts, defineBench } from '../harness.ts'
import type { Columns } from '../report.ts'
import { ablations } from './ablations.ts'
import { agree } from './agreement.ts'
import { batching } from './batching.ts'
import { type Comparison, compare } from './compare.ts'
import { hopLosses } from './hop-losses.ts'
import { EIGHT_STAGES, type PipelineSetting } from './setting.ts'

const TOKENS = 2000

export const bench = defineBench({
  options: {
    hopsMs: counts(['--hop-ms'], 'times of a hop', { usual: [EIGHT_STAGES.hopMs] }),
    draftMs: counts(['--draft-ms'], 'drafters', { usual: [3, 12, 40] }),
    right: counts(['--right'], 'chances in percent that a guess is right', { usual: [0, 20, 40, 60, 80, 90, 95, 98] }),
    rowsMax: count(['--rows'], 'rows of a micro-batch', { usual: EIGHT_STAGES.rowsMax, most: 32 }),
    jitter: {
      kind: 'number',
      names: ['--jitter'],
      value: 'SHARE',
      least: 0,
      most: 1,
      help: 'of stage times',
      usual: 0,
    },
    real: { kind: 'flag', names: ['--real'], help: 'also on real threads, whose stages and drafter wait: 4 minutes' },
    ablations: { kind: 'flag', names: ['--ablations'], help: 'what each part of pipe is worth, instead' },
    batch: { kind: 'flag', names: ['--batch'], help: 'requests side by side beside their bound, instead' },
    losses: { kind: 'flag', names: ['--losses'], help: 'what slow links cost each policy, instead' },
    tokens: count(['--tokens'], 'tokens per run (2000; real: 2.5 s)', { least: 20 }),
  },
  async measure({ values, signal }) {
    const { rowsMax, real = false, jitter } = values
    const tokens = values.tokens ?? TOKENS
    const hardware = { ...EIGHT_STAGES, rowsMax, jitter }
    const drafters = values.draftMs.flatMap((draftMs) =>
      values.right.map((percent) => ({ ...hardware, draftMs, accuracy: percent / 100 })),
    )
    if (values.ablations) return ablations(tokens)
    if (values.batch) return batching(values.tokens, signal)
    if (values.losses) return hopLosses(drafters, tokens)
    const rows: object[] = []
    for (const hopMs of values.hopsMs) {
      for (const drafter of drafters) {
        signal.throwIfAborted()
        const setting = { ...drafter, hopMs }
        const found = compare(setting, Math.max(tokens, TOKENS))
        rows.push(real ? await realRow(setting, found, values.tokens) : row(setting, found))
      }
    }
    const length = real && values.tokens === undefined ? '2.5 seconds' : `${tokens} tokens`
    return {
      about:
        `${EIGHT_STAGES.stages} emulated stages of ${EIGHT_STAGES.stageMs(1)} ms for up to 4 rows, micro-batches of up to ` +
        `${rowsMax} rows; tokens per second, runs of ${length}`,
      options: { ...hardware, real, tokens: values.tokens },
      columns: columns(real),
      rows,
    }
  },
})

/** Behind the virtual speeds there may be real ones. */
function columns(isReal: boolean): Columns {
  const speed = (policy: string): Columns => ({
    [policy]: [policy, 1],
    ...(isReal && { [`${policy}Real`]: ['real', 1] }),
  })
  const real = isReal ? 'real ' : ''
  return {
    ...{ draftMs: 'drafter ms', hopMs: 'hop ms', accuracy: ['right', 2] },
    ...{ ...speed('plain'), ...speed('sync'), syncK: 'k', ...speed('pipe'), pipeN: 'n', ...speed('auto') },
    ...{ bound: ['bound', 1], pipeOfBound: [`${real}pipe / bound`, 3], pipeOfOthers: [`${real}pipe / best other`, 3] },
    ...{ pipeOfSync: [`${real}pipe / sync`, 2], autoOfBest: [`${real}auto / best`, 3] },
    ...(isReal && { worst: ['real / virtual, worst', 3], stopMs: ['stop ms', 2] }),
  }
}

type Speeds = Pick<Comparison, 'plain' | 'sync' | 'pipe' | 'auto' | 'bound'>

const ratios = ({ plain, sync, pipe, auto, bound }: Speeds) => ({
  pipeOfBound: pipe / bound,
  pipeOfOthers: pipe / Math.max(plain, sync),
  pipeOfSync: pipe / sync,
  autoOfBest: auto / Math.max(plain, sync, pipe),
})

const row = ({ draftMs, hopMs, accuracy }: PipelineSetting, found: Comparison) => ({
  ...{ draftMs, hopMs, accuracy, ...found, ...ratios(found) },
})

async function realRow(setting: PipelineSetting, expected: Comparison, tokens: number | undefined) {
  const { draftMs, hopMs, accuracy } = setting
  const { syncK, pipeN } = expected
  const { virtual, real, ...others } = await agree(setting, expected, tokens)
  note(`drafter ${draftMs} ms, right ${accuracy}\n`)
  return {
    ...{ draftMs, hopMs, accuracy, syncK, pipeN, ...others, ...virtual },
    ...Object.fromEntries(Object.entries(real).map(([policy, tokS]) => [`${policy}Real`, tokS])),
    ...ratios({ ...real, bound: others.bound }),
  }
}
