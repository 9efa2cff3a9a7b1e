// Long runs of the simulator: node dist/test/sim/run.js [--seed N] [--cases M] [--policy plain|sync|pipe|auto|mixed] [--guess]
import { parseArgs } from 'node:util'
import { createFigures, runCase } from './case.ts'
import { createGuesser } from './guesser.ts'
import type { PolicyMix } from './scenario.ts'

const MIXES: readonly PolicyMix[] = ['plain', 'sync', 'pipe', 'auto', 'mixed']
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    cases: { type: 'string', default: '1' },
    policy: { type: 'string', default: 'mixed' },
    guess: { type: 'boolean', default: false },
  },
})
const first = Number(values.seed)
const cases = Number(values.cases)
if (!Number.isInteger(first) || !Number.isInteger(cases)) throw new Error('expected --seed N --cases M')

const mix = MIXES.find((name) => name === values.policy)
if (!mix) throw new Error(`expected --policy ${MIXES.join('|')}`)
const figures = createFigures()
for (let seed = first; seed < first + cases; seed++)
  runCase(seed, figures, mix, values.guess ? createGuesser : undefined)
console.log(`seeds ${first}..${first + cases - 1} passed`)
console.log(JSON.stringify(figures, null, 1))
