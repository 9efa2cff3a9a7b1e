// Searches that take too long for every change: the simulator over ten thousand cases of every policy, from a seed that is new
// every time and named where a case fails, random mixes of requests on real stages, and a soak of real models. Some tens of minutes.
//
//   node dist/test/long.js [--cases N]
import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import { repositoryPath } from './shared.ts'

const POLICIES = ['plain', 'sync', 'pipe', 'auto', 'mixed']

const { values } = parseArgs({ options: { cases: { type: 'string', default: '10000' } } })
const seed = String(Math.floor(Math.random() * 2 ** 30))

const simulations = POLICIES.map((policy) => ['dist/test/sim/run.js', '--policy', policy])
const searches = [
  ...[...simulations, ['dist/test/sim/run.js', '--policy', 'plain', '--guess']].map((words) => [
    ...words,
    ...['--seed', seed, '--cases', values.cases],
  ]),
  ['dist/test/engine/mixes.js', '--seed', seed],
  ['dist/bench/main.js', 'soak'],
]

/** Whether a search found nothing. */
function run(words: readonly string[]): Promise<boolean> {
  console.log(`node ${words.join(' ')}`)
  const child = spawn(process.execPath, words, { cwd: repositoryPath('.'), stdio: 'inherit' })
  return new Promise((resolve, reject) => child.on('error', reject).on('exit', (code) => resolve(code === 0)))
}

let failed = 0
for (const words of searches) if (!(await run(words))) failed++
console.log(`${searches.length - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
