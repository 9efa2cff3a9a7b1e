// The policies side by side on emulated hardware: on a virtual clock, and on real threads beside it.
import { defineCommand } from '../../cli/shell/command.ts'
import { write } from '../../cli/shell/output.ts'
import { ablate, ablateCutoff, COSTLY_ROWS } from './ablations.ts'
import { agree, writeAgreement, writeAgreementHead } from './agreement.ts'
import { type Comparison, compare } from './compare.ts'
import { writeHopLosses } from './hop-losses.ts'
import { EIGHT_STAGES, type PipelineSetting } from './setting.ts'

const DRAFT_MS = [3, 12, 40]
const RIGHT_PERCENT = [0, 20, 40, 60, 80, 90, 95, 98]
const HOPS_MS = [EIGHT_STAGES.hopMs]
const TOKENS = 2000

export const command = defineCommand({
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
    tokens: { kind: 'integer', names: ['--tokens'], value: 'N', least: 20, help: 'tokens per run (2000; real: 2.5 s)' },
  },
  async run({ values, signal }) {
    const { rowsMax = EIGHT_STAGES.rowsMax, real = false, jitter = 0 } = values
    const tokens = values.tokens ?? TOKENS
    if (values.ablations) return writeAblations(tokens)
    const hardware = { ...EIGHT_STAGES, rowsMax, jitter }
    const drafters = (values.draftMs ?? DRAFT_MS).flatMap((draftMs) =>
      (values.right ?? RIGHT_PERCENT).map((percent) => ({ ...hardware, draftMs, accuracy: percent / 100 })),
    )
    if (values.losses) return writeHopLosses(drafters, tokens)
    write(
      `${EIGHT_STAGES.stages} stages of ${EIGHT_STAGES.stageMs(1)} ms for up to 4 rows, ` +
        `micro-batches of up to ${rowsMax} rows; tokens per second, runs of ` +
        `${real && values.tokens === undefined ? '2.5 seconds' : `${tokens} tokens`}\n\n`,
    )
    if (real) writeAgreementHead()
    else writeHead()
    for (const hopMs of values.hopsMs ?? HOPS_MS) {
      for (const drafter of drafters) {
        signal.throwIfAborted()
        const setting = { ...drafter, hopMs }
        const found = compare(setting, Math.max(tokens, TOKENS))
        if (!real) writeRow(setting, found)
        else writeAgreement(setting, found, await agree(setting, found, values.tokens))
      }
    }
  },
})

function writeHead(): void {
  write(
    '| drafter ms | hop ms | right | plain | sync (k) | pipe (n) | auto | bound | pipe / bound | pipe / best other | pipe / sync | auto / best |\n',
  )
  write(`|${' ---: |'.repeat(12)}\n`)
}

function writeRow(
  { draftMs, hopMs, accuracy }: PipelineSetting,
  { plain, sync, syncK, pipe, pipeN, auto, bound }: Comparison,
): void {
  const cells = [
    ...[draftMs, hopMs, accuracy],
    plain.toFixed(1),
    `${sync.toFixed(1)} (${syncK})`,
    `${pipe.toFixed(1)} (${pipeN})`,
    auto.toFixed(1),
    bound.toFixed(1),
    (pipe / bound).toFixed(3),
    (pipe / Math.max(plain, sync)).toFixed(3),
    (pipe / sync).toFixed(2),
    (auto / Math.max(plain, sync, pipe)).toFixed(3),
  ]
  write(`| ${cells.join(' | ')} |\n`)
}

function writeAblations(tokens: number): void {
  write('pipe, tokens per second\n\n')
  const columns = ['whole', 'no cancellation', 'one draft micro-batch in flight']
  const literal = ["PipeInfer's single-token rule", "PipeInfer's re-drafting"]
  write(`| drafter ms | right | ${[...columns, ...literal].join(' | ')} |\n|${' ---: |'.repeat(7)}\n`)
  for (const draftMs of [3, 12]) {
    for (const accuracy of RIGHT_PERCENT.map((percent) => percent / 100)) {
      const found = ablate({ ...EIGHT_STAGES, draftMs, accuracy }, tokens)
      const { whole, withoutCancellation, withoutContinuation, singleToken, reDrafting } = found
      const speeds = [whole, withoutCancellation, withoutContinuation, singleToken, reDrafting]
      const cells = speeds.map((tokS) => tokS.toFixed(1))
      write(`| ${[draftMs, accuracy, ...cells].join(' | ')} |\n`)
    }
  }
  write('\nStages of 4 ms + 6 ms per row, drafter 3 ms, which is as sure as it is right\n\n')
  write('| right | cutoff | tokens per second | drafted rows per accepted one |\n| ---: | --- | ---: | ---: |\n')
  for (const accuracy of [0.3, 0.6, 0.8]) {
    const setting = { ...COSTLY_ROWS, draftMs: 3, accuracy, spread: 0.5 }
    for (const [name, { tokS, rowsPerAccepted }] of Object.entries(ablateCutoff(setting, tokens))) {
      write(`| ${accuracy} | ${name} | ${tokS.toFixed(1)} | ${rowsPerAccepted.toFixed(2)} |\n`)
    }
  }
}
