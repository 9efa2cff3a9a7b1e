// The bar of a loading model, in a terminal of 20 columns with text on it.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { bar } from '../../../cli/shell/progress.ts'
import { repositoryPath, skipTest } from '../../shared.ts'
import { hasTmux, Terminal } from '../terminal.ts'

test('progress bar: shorter than a line of any width, and its number is never cut where it fits', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.double({ min: 0, max: 1, noNaN: true }), (columns, fraction) => {
      const drawn = bar('loading', fraction, columns)
      assert.ok(drawn.length < columns, drawn)
      if (columns > 13) assert.match(drawn, `${Math.round(fraction * 100)} %`)
    }),
  )
  assert.is(bar('loading', 0.5, 20), 'loading [## ]  50 %')
  assert.is(bar('loading', 0.5, 19), 'loading  50 %')
  assert.is(bar('loading', 0.5, 26), 'loading [#####    ]  50 %')
})

/** Draws twice with a notice between, begun behind text, and ends. */
const SCRIPT = `
  const { startProgress } = await import(process.argv[1])
  const pause = () => new Promise((resolve) => setTimeout(resolve, 400))
  process.stdout.write('kept text')
  const progress = startProgress('loading')
  await pause()
  progress.update(0.25)
  await pause()
  progress.update(0.5)
  await pause()
  progress.end()
  console.log('after')
`
const words = (...before: string[]): string[] => [
  ...before,
  process.execPath,
  '--input-type=module',
  '-e',
  SCRIPT,
  repositoryPath('dist/cli/shell/progress.js'),
]

const name = 'progress bar: on a terminal of 20 columns it erases nothing but itself; none with TERM=dumb'
const body = async (): Promise<void> => {
  {
    using terminal = new Terminal('bar', words(), 20)
    await terminal.until((text) => /^kept text\s+loading \[## \] {2}50 %$/.test(text))
    await terminal.until((text) => /^kept text\s+after\n\[ended: 0\]$/.test(text))
  }
  using terminal = new Terminal('dumb', words('env', 'TERM=dumb'), 20)
  assert.is(await terminal.until((text) => text.endsWith(']')), 'kept textafter\n[ended: 0]')
}
if (hasTmux()) test(name, body)
else skipTest(test, name, 'needs tmux')

test.run()
