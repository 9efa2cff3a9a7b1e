// A model without a template, at a terminal: a plain chat, which keeps to -sys and says what it is.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { repositoryPath, skipTest } from '../../shared.ts'
import { hasTmux, Terminal } from '../terminal.ts'

const MODEL = repositoryPath('cli/models/stories260K.gguf')

/** Asks one question; returns all that is on the screen. */
async function asked(name: string, more: readonly string[]): Promise<string> {
  const words = [process.execPath, repositoryPath('dist/cli/main.js'), 'run', MODEL, '-n', '5', '--stats', ...more]
  using terminal = new Terminal(name, words)
  await terminal.until((text) => text.endsWith('\n>'))
  terminal.type('Tom saw a dog.')
  terminal.press('Enter')
  return await terminal.until((text) => /prompt_tokens: \d+\n(.*\n)*>$/.test(text))
}

const promptTokens = (screen: string) => Number(/^prompt_tokens: (\d+)$/m.exec(screen)?.[1])

const name = 'a plain chat where a file has no template: said, and -sys is its beginning'
const body = async (): Promise<void> => {
  const plain = await asked('plain', [])
  assert.match(plain, /^the model has no chat template \(.*\): a plain chat/m)
  assert.match(plain, '\n(cut off after 5 tokens)\n')
  const system = await asked('system', ['-sys', 'Lily was a little girl.'])
  assert.match(system, /^the model has no chat template \(.*\): a plain chat/m)
  assert.ok(promptTokens(system) > promptTokens(plain) + 3, `${promptTokens(system)} and ${promptTokens(plain)}`)
}
if (hasTmux()) test(name, body)
else skipTest(test, name, 'needs tmux')

test.run()
