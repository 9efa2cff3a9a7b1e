// Long runs of random mixes on real stages: node dist/test/engine/mixes.js [--seed N] [--mixes M]
import { parseArgs } from 'node:util'
import { createRandom } from '../../bench/forge/random.ts'
import { runMixes } from './request-mixes.ts'

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, mixes: { type: 'string', default: '300' } },
})
const mixes = Number(values.mixes)
for (const stages of [1, 2, 5]) await runMixes(createRandom(Number(values.seed) + stages), mixes / 3, stages)
console.log(`${mixes} mixes passed`)
