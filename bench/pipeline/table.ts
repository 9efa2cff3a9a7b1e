// The policies side by side on emulated hardware, on a virtual clock.
import { defineCommand } from '../../cli/command.ts'
import { write } from '../../cli/output.ts'
import { ablate, ablateCutoff, COSTLY_ROWS } from './ablations.ts'
import { compare } from './compare.ts'
import { EIGHT_STAGES } from './setting.ts'

const DRAFT_MS = [3, 12, 40]
const ACCURACIES = [0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.98]
const TOKENS = 2000

export const command = defineCommand({
  usage: '[options]',
  positionalsMax: 0,
  options: {
    hopMs: { kind: 'number', names: ['--hop-ms'], value: 'MS', least: 0, help: 'time of a hop (1)' },
    rowsMax: { kind: 'integer', names: ['--rows'], value: 'N', least: 1, most: 32, help: 'rows of a micro-batch (4)' },
    ablations: { kind: 'flag', names: ['--ablations'], help: 'what each part of pipe is worth, instead' },
    tokens: { kind: 'integer', names: ['--tokens'], value: 'N', least: 100, help: 'tokens per run (2000)' },
  },
  async run({ values }) {
    const { hopMs = EIGHT_STAGES.hopMs, rowsMax = EIGHT_STAGES.rowsMax, tokens = TOKENS } = values
    if (values.ablations) return writeAblations(tokens)
    write(
      `${EIGHT_STAGES.stages} stages of ${EIGHT_STAGES.stageMs(1)} ms for up to 4 rows, hops of ${hopMs} ms, ` +
        `micro-batches of up to ${rowsMax} rows; tokens per second, virtual clock\n\n` +
        '| drafter ms | right | plain | sync (k) | pipe | bound | pipe / bound | pipe / best other | pipe / sync |\n' +
        '| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n',
    )
    for (const draftMs of DRAFT_MS) {
      for (const accuracy of ACCURACIES) {
        const { plain, sync, syncK, pipe, bound } = compare(
          { ...EIGHT_STAGES, hopMs, rowsMax, draftMs, accuracy },
          tokens,
        )
        const cells = [
          draftMs,
          accuracy,
          plain.toFixed(1),
          `${sync.toFixed(1)} (${syncK})`,
          pipe.toFixed(1),
          bound.toFixed(1),
          (pipe / bound).toFixed(3),
          (pipe / Math.max(plain, sync)).toFixed(3),
          (pipe / sync).toFixed(2),
        ]
        write(`| ${cells.join(' | ')} |\n`)
      }
    }
  },
})

function writeAblations(tokens: number): void {
  write('pipe, tokens per second\n\n')
  write('| drafter ms | right | whole | no cancellation | one draft micro-batch in flight |\n')
  write('| ---: | ---: | ---: | ---: | ---: |\n')
  for (const draftMs of [3, 12]) {
    for (const accuracy of ACCURACIES) {
      const { whole, withoutCancellation, withoutContinuation } = ablate({ ...EIGHT_STAGES, draftMs, accuracy }, tokens)
      const cells = [whole, withoutCancellation, withoutContinuation].map((tokS) => tokS.toFixed(1))
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
