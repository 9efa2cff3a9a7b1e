// The policies side by side on emulated hardware: on a virtual clock, and on real threads beside it.
import { note } from '../../cli/shell/output.ts'
import { count, defineBench } from '../harness.ts'
import { type Column, markdownTable, type Report } from '../report.ts'
import { ablate, ablateCutoff, COSTLY_ROWS } from './ablations.ts'
import { AGREEMENT_COLUMNS, agree, agreementRow } from './agreement.ts'
import { type Comparison, compare } from './compare.ts'
import { hopLosses } from './hop-losses.ts'
import { EIGHT_STAGES, type PipelineSetting } from './setting.ts'

const DRAFT_MS = [3, 12, 40]
const RIGHT_PERCENT = [0, 20, 40, 60, 80, 90, 95, 98]
const HOPS_MS = [EIGHT_STAGES.hopMs]
const TOKENS = 2000

export const bench = defineBench({
  usage: '[options]',
  positionalsMax: 0,
  options: {
    hopsMs: { kind: 'integers', names: ['--hop-ms'], value: 'MS,...', least: 0, help: 'times of a hop (1)' },
    draftMs: { kind: 'integers', names: ['--draft-ms'], value: 'MS,...', least: 0, help: 'drafters (3,12,40)' },
    right: {
      kind: 'integers',
      names: ['--right'],
      value: 'PERCENT,...',
      least: 0,
      help: 'chances that a guess is right (0,20,40,60,80,90,95,98)',
    },
    rowsMax: { kind: 'integer', names: ['--rows'], value: 'N', least: 1, most: 32, help: 'rows of a micro-batch (4)' },
    jitter: { kind: 'number', names: ['--jitter'], value: 'SHARE', least: 0, most: 1, help: 'of stage times (0)' },
    real: { kind: 'flag', names: ['--real'], help: 'also on real threads, whose stages and drafter wait: 4 minutes' },
    ablations: { kind: 'flag', names: ['--ablations'], help: 'what each part of pipe is worth, instead' },
    losses: { kind: 'flag', names: ['--losses'], help: 'what slow links cost each policy, instead' },
    tokens: count(['--tokens'], 'tokens per run (2000; real: 2.5 s)', 20),
  },
  async measure({ values, signal }) {
    const { rowsMax = EIGHT_STAGES.rowsMax, real = false, jitter = 0 } = values
    const tokens = values.tokens ?? TOKENS
    if (values.ablations) return ablations(tokens)
    const hardware = { ...EIGHT_STAGES, rowsMax, jitter }
    const drafters = (values.draftMs ?? DRAFT_MS).flatMap((draftMs) =>
      (values.right ?? RIGHT_PERCENT).map((percent) => ({ ...hardware, draftMs, accuracy: percent / 100 })),
    )
    if (values.losses) return hopLosses(drafters, tokens)
    const rows: object[] = []
    for (const hopMs of values.hopsMs ?? HOPS_MS) {
      for (const drafter of drafters) {
        signal.throwIfAborted()
        const setting = { ...drafter, hopMs }
        const found = compare(setting, Math.max(tokens, TOKENS))
        rows.push(real ? agreementRow(setting, found, await agree(setting, found, values.tokens)) : row(setting, found))
        if (real) note(`drafter ${setting.draftMs} ms, right ${setting.accuracy}\n`)
      }
    }
    const about =
      `${EIGHT_STAGES.stages} emulated stages of ${EIGHT_STAGES.stageMs(1)} ms for up to 4 rows, micro-batches of up to ` +
      `${rowsMax} rows; tokens per second, runs of ` +
      (real && values.tokens === undefined ? '2.5 seconds' : `${tokens} tokens`)
    const options = { ...hardware, real, tokens: values.tokens }
    return { about, options, columns: real ? AGREEMENT_COLUMNS : COLUMNS, rows, notes: [] }
  },
})

const COLUMNS: readonly Column[] = [
  { key: 'draftMs', title: 'drafter ms' },
  { key: 'hopMs', title: 'hop ms' },
  { key: 'accuracy', title: 'right', decimals: 2 },
  { key: 'plain', title: 'plain', decimals: 1 },
  { key: 'sync', title: 'sync', decimals: 1 },
  { key: 'syncK', title: 'k' },
  { key: 'pipe', title: 'pipe', decimals: 1 },
  { key: 'pipeN', title: 'n' },
  { key: 'auto', title: 'auto', decimals: 1 },
  { key: 'bound', title: 'bound', decimals: 1 },
  { key: 'pipeOfBound', title: 'pipe / bound', decimals: 3 },
  { key: 'pipeOfOthers', title: 'pipe / best other', decimals: 3 },
  { key: 'pipeOfSync', title: 'pipe / sync', decimals: 2 },
  { key: 'autoOfBest', title: 'auto / best', decimals: 3 },
]

function row({ draftMs, hopMs, accuracy }: PipelineSetting, found: Comparison) {
  const { plain, sync, pipe, auto, bound } = found
  const ratios = {
    pipeOfBound: pipe / bound,
    pipeOfOthers: pipe / Math.max(plain, sync),
    pipeOfSync: pipe / sync,
    autoOfBest: auto / Math.max(plain, sync, pipe),
  }
  return { draftMs, hopMs, accuracy, ...found, ...ratios }
}

const ABLATION_COLUMNS: readonly Column[] = [
  { key: 'draftMs', title: 'drafter ms' },
  { key: 'accuracy', title: 'right', decimals: 2 },
  { key: 'whole', title: 'whole', decimals: 1 },
  { key: 'withoutCancellation', title: 'no cancellation', decimals: 1 },
  { key: 'withoutContinuation', title: 'one draft micro-batch in flight', decimals: 1 },
  { key: 'singleToken', title: "PipeInfer's single-token rule", decimals: 1 },
  { key: 'reDrafting', title: "PipeInfer's re-drafting", decimals: 1 },
]

function ablations(tokens: number): Omit<Report, 'bench'> {
  const rows = [3, 12].flatMap((draftMs) =>
    RIGHT_PERCENT.map((percent) => {
      const setting = { ...EIGHT_STAGES, draftMs, accuracy: percent / 100 }
      return { draftMs, accuracy: setting.accuracy, ...ablate(setting, tokens) }
    }),
  )
  const cutoffs = [0.3, 0.6, 0.8].flatMap((accuracy) => {
    const found = ablateCutoff({ ...COSTLY_ROWS, draftMs: 3, accuracy, spread: 0.5 }, tokens)
    return Object.entries(found).map(([name, { tokS, rowsPerAccepted }]) => {
      return [`${accuracy}`, name, tokS.toFixed(1), rowsPerAccepted.toFixed(2)]
    })
  })
  const titles = ['right', 'cutoff', 'tokens per second', 'drafted rows per accepted one']
  return {
    about: 'pipe on emulated stages, tokens per second',
    options: { ...EIGHT_STAGES, tokens },
    columns: ABLATION_COLUMNS,
    rows,
    notes: [
      'Stages of 4 ms + 6 ms per row, drafter 3 ms, which is as sure as it is right:',
      '',
      ...markdownTable(titles, cutoffs, new Set([0, 2, 3])),
    ],
  }
}
