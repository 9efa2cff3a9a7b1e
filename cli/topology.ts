// `tsinfer topology`: the machine, and the plan it leads to.
import { machineTopology, measureBandwidth } from '../engine/index.ts'
import { defineCommand } from './shell/command.ts'
import { listing, snakeKeys } from './shell/figures.ts'
import { JSON_OPTION } from './shell/options.ts'
import { write, writeJson } from './shell/output.ts'

export const command = defineCommand({
  usage: '[--json]',
  positionalsMax: 0,
  options: { json: JSON_OPTION },
  async run({ values, signal }) {
    const { allowed, quotaCores, ...machine } = machineTopology()
    const bandwidth = await measureBandwidth(machine.usableCores, signal)
    const facts = snakeKeys({
      ...machine,
      quotaCores: quotaCores ?? null,
      allowedCpus: allowed.map(({ cpu }) => cpu),
      bandwidthGbS: Number(bandwidth.gbS.toFixed(1)),
      bandwidthHow: bandwidth.how,
      plan: `1 stage x ${machine.usableCores} lane${machine.usableCores === 1 ? '' : 's'}`,
    })
    if (values.json) writeJson(facts)
    else write(listing(facts))
  },
})
