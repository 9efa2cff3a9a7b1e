// What slow links cost each policy: the share of its speed that it loses against links without latency, beside what the
// cycle model says must be lost.
import { write } from '../../cli/shell/output.ts'
import { type Comparison, compare } from './compare.ts'
import type { PipelineSetting } from './setting.ts'

const HOPS_MS = [1, 5, 16]
const POLICIES = ['plain', 'sync', 'pipe', 'bound'] as const

const REASON =
  'A wrong guess costs every policy one way through the pipeline, and a right one costs pipe only what drafter and stages\n' +
  'take, so more of its time is on the links than with sync, whose rounds also wait for the drafter: where pipe loses the\n' +
  'larger share, the bound does, too. Pipe loses the share that the bound loses, and stays the faster one at every hop.\n'

/** Writes a row per hop time: losses in percent, `sync` and `pipe` at their best at each point. */
export function writeHopLosses(settings: readonly PipelineSetting[], tokens: number): void {
  write(`Share of its speed that a policy loses to links, in percent of that without. ${REASON}\n`)
  write(`| drafter ms | right | hop ms | ${POLICIES.join(' | ')} | pipe / sync |\n|${' ---: |'.repeat(8)}\n`)
  for (const setting of settings) {
    const direct = compare({ ...setting, hopMs: 0 }, tokens)
    for (const hopMs of HOPS_MS) {
      const found = compare({ ...setting, hopMs }, tokens)
      const loss = (policy: keyof Comparison) => (100 * (1 - found[policy] / direct[policy])).toFixed(1)
      const cells = [setting.draftMs, setting.accuracy, hopMs, ...POLICIES.map(loss)]
      write(`| ${[...cells, (found.pipe / found.sync).toFixed(2)].join(' | ')} |\n`)
    }
  }
}
