// Ctrl-Z and fg in a real terminal with a real shell: the terminal is given back whole and taken again, also where the shell
// waits for npx and not for the program.
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { repositoryPath, skipTest } from '../../shared.ts'
import { hasTmux, Terminal } from '../terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'tsinfer-jobs-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

/** An installed package, as npm links one. */
const bin = join(folder, 'node_modules/.bin')
mkdirSync(bin, { recursive: true })
symlinkSync(repositoryPath('.'), join(folder, 'node_modules/tsinfer'))
symlinkSync('../tsinfer/dist/cli/main.js', join(bin, 'tsinfer'))
chmodSync(repositoryPath('dist/cli/main.js'), 0o755)

const MODE = `stty -a | tr ' ;' '\\n\\n' | grep -xE -- '-?(icanon|echo|isig)' | tr '\\n' ' '`
const TEMPLATE = '{% for m in messages %}{{ m.content }} {% endfor %}'

function has(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

async function stopAndGoOn(name: string, program: string): Promise<void> {
  using terminal = new Terminal(name, ['bash', '--norc', '--noprofile', '-i'])
  let seen = 0
  const enter = (text: string): void => {
    seen = terminal.text.length
    terminal.type(text)
    terminal.press('Enter')
  }
  const shown = (mark: RegExp): Promise<string> => terminal.until((text) => mark.test(text), seen)
  await shown(/[$#]$/)
  enter(`PS1='shell: '; cd ${folder}`)
  await shown(/shell:$/)
  enter(`${program} run -n 20 --temp 0 --chat-template '${TEMPLATE}'`)
  await shown(/\/help lists the commands\n>$/)
  terminal.type('Once upon')
  await shown(/> Once upon$/)
  terminal.press('C-z')
  // What was written stays where it is.
  await shown(/> Once upon\n.*Stopped.*\n(.*\n)?shell:$/)
  enter(MODE)
  assert.match(await shown(/echo *\nshell:$|echo *shell:$/), /isig icanon echo/)
  for (const time of ['once', 'again']) {
    enter('fg')
    await shown(/\n> Once upon$/)
    if (time === 'again') break
    terminal.press('C-z')
    await shown(/Stopped.*\n(.*\n)?shell:$/)
  }
  terminal.type(' a time')
  terminal.press('Enter')
  assert.match(await shown(/cut off after 20 tokens\)\n>$/), /> Once upon a time\n.{20,}\n\(cut off/)
  terminal.press('C-d')
  await shown(/shell:$/)
  enter(MODE)
  assert.match(await shown(/echo *\nshell:$|echo *shell:$/), /isig icanon echo/)
}

const jobs = 'Ctrl-Z and fg give the terminal back whole'
const isReady = hasTmux() && has('bash')
const main = `'${process.execPath}' node_modules/tsinfer/dist/cli/main.js`
if (isReady) test(jobs, () => stopAndGoOn('jobs', main))
else skipTest(test, jobs, 'needs tmux and bash')

if (isReady && has('npx')) test(`${jobs}, through npx`, () => stopAndGoOn('npx', 'npx --no-install tsinfer'))
else skipTest(test, `${jobs}, through npx`, 'needs tmux, bash and npx')

const alone = 'Ctrl-Z where no shell watches the terminal: the chat goes on'
const goesOn = async (): Promise<void> => {
  const words = [process.execPath, repositoryPath('dist/cli/main.js'), 'run', '-n', '5', '--chat-template', TEMPLATE]
  using terminal = new Terminal('orphan', words)
  await terminal.until((text) => /\n>$/.test(text))
  terminal.press('C-z')
  terminal.type('Once')
  terminal.press('Enter')
  await terminal.until((text) => /> Once\n.*\n\(cut off after 5 tokens\)\n>$/s.test(text))
}
if (hasTmux()) test(alone, goesOn)
else skipTest(test, alone, 'needs tmux')

test.run()
