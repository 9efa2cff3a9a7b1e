// What slow links cost each policy: the share of its speed that it loses against links without latency, beside what the
// cycle model says must be lost.
import type { Findings } from '../report.ts'
import { compare } from './compare.ts'
import type { PipelineSetting } from './setting.ts'

const HOPS_MS = [1, 5, 16]
const POLICIES = ['plain', 'sync', 'pipe', 'bound'] as const

const NOTES = [
  'A wrong guess costs every policy one way through the pipeline, and a right one costs pipe only what drafter and stages',
  'take, so more of its time is on the links than with sync, whose rounds also wait for the drafter: where pipe loses the',
  'larger share, the bound does, too. Pipe loses the share that the bound loses, and stays the faster one at every hop.',
]

/** A row per hop time: losses in percent, `sync` and `pipe` at their best at each point. */
export function hopLosses(settings: readonly PipelineSetting[], tokens: number): Findings {
  const rows = settings.flatMap((setting) => {
    const direct = compare({ ...setting, hopMs: 0 }, tokens)
    return HOPS_MS.map((hopMs) => {
      const found = compare({ ...setting, hopMs }, tokens)
      const losses = POLICIES.map((policy) => [policy, 100 * (1 - found[policy] / direct[policy])])
      const { draftMs, accuracy } = setting
      return { draftMs, accuracy, hopMs, ...Object.fromEntries(losses), pipeOfSync: found.pipe / found.sync }
    })
  })
  return {
    about: 'Share of its speed that a policy loses to links of an emulated pipeline, in percent of that without',
    options: { tokens },
    columns: {
      ...{ draftMs: 'drafter ms', accuracy: ['right', 2], hopMs: 'hop ms' },
      ...Object.fromEntries(POLICIES.map((policy) => [policy, [policy, 1] as const])),
      pipeOfSync: ['pipe / sync', 2],
    },
    rows,
    notes: NOTES,
  }
}
