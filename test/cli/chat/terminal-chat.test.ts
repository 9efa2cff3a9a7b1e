// A conversation of twenty turns, typed into a real terminal: history, Ctrl-C, /save, /load. Every turn evaluates what is
// new and nothing else.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { forgeWidened } from '../../../bench/forge/widen.ts'
import { repositoryPath, skipTest } from '../../shared.ts'
import { hasTmux, Terminal } from '../terminal.ts'

const folder = mkdtempSync(join(tmpdir(), 'tsinfer-terminal-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

/** Speaks like the small one, and so slowly that an answer can be stopped. */
const SHAPE = { width: 640, ffnWidth: 1536, layers: 24, heads: 8, kvHeads: 4 }
const TYPES = { matrices: 'Q8_0', head: 'Q8_0', down: 'Q8_0' } as const
/** The small model has no template. */
const TEMPLATE = '{{ bos_token }}{% for m in messages %}{{ m.content }}\n{% endfor %}'
/** Tokens of a message and the end of its line, at most. */
const MESSAGE_TOKENS = 16
const MESSAGES = ['One day Tom saw a dog.', 'The girl was very sad.', 'What did she do?', 'He had a red ball.']

class Conversation {
  readonly #terminal: Terminal
  #seen = 0
  #turns = 0
  /** Tokens in KV cells; more after a stop. */
  kept = 0
  #isStopped = false

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  async begin(): Promise<void> {
    await this.#until(/\/help lists the commands\n>$/)
  }

  async #until(mark: RegExp): Promise<string> {
    const fresh = await this.#terminal.until((text) => mark.test(text), this.#seen)
    this.#seen += fresh.length
    return fresh
  }

  /** What a command prints. */
  command(line: string): Promise<string> {
    this.#terminal.type(line)
    this.#terminal.press('Enter')
    return this.#until(/\n>$/)
  }

  /** Asks, or asks again what was typed last, and asserts that no more is evaluated than the message. */
  async turn(message?: string): Promise<string> {
    if (message === undefined) this.#terminal.press('Up')
    else this.#terminal.type(message)
    this.#terminal.press('Enter')
    const answer = await this.#until(/prompt_tokens: \d+\n(?:.*\n)*>$/)
    const figure = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(answer)?.[1])
    const [prompt, reused, tokens] = [figure('prompt_tokens'), figure('reused_tokens'), figure('tokens')]
    const figures = `turn ${++this.#turns}: ${prompt} tokens, ${reused} reused, ${this.kept} kept`
    // The last token's cell is written where the model was asked what follows it: the answer ended by itself.
    const isKept = reused === this.kept || reused === this.kept + 1
    assert.ok(this.#isStopped ? reused > this.kept : isKept, figures)
    assert.ok(prompt - reused <= MESSAGE_TOKENS, figures)
    this.kept = prompt + tokens - 1
    this.#isStopped = false
    return answer
  }

  /** A turn whose answer is stopped with Ctrl-C when it has begun. */
  async stoppedTurn(message: string): Promise<void> {
    this.#terminal.type(message)
    this.#terminal.press('Enter')
    await this.#terminal.until((text) => text.split('\n').slice(1).join('').length > 3, this.#seen)
    this.#terminal.press('C-c')
    const answer = await this.#until(/\n>$/)
    assert.match(answer, /\n\(stopped\)\n>$/)
    this.#turns++
    this.#isStopped = true
  }

  async leave(): Promise<void> {
    this.#terminal.type('/exit')
    this.#terminal.press('Enter')
    await this.#until(/\[ended: 0\]/)
  }
}

async function twentyTurns(): Promise<void> {
  const model = join(folder, 'wide.gguf')
  forgeWidened(model, repositoryPath('cli/models/stories260K.gguf'), SHAPE, TYPES)
  const words = ['run', model, '-c', '2048', '-n', '40', '--stats', '-s', '1', '--chat-template', TEMPLATE]
  const command = [process.execPath, repositoryPath('dist/cli/main.js'), ...words]
  const saved = join(folder, 'chat.session')
  const damaged = join(folder, 'damaged')

  using terminal = new Terminal('first', command)
  const first = new Conversation(terminal)
  await first.begin()
  for (const message of MESSAGES) await first.turn(message)
  await first.turn()
  await first.turn('And then?')
  // What was asked is in cells, and what was answered before the stop.
  const { kept } = first
  await first.stoppedTurn('Why?')
  await first.turn('Tom ran to the park.')
  assert.ok(first.kept > kept)
  assert.match(await first.command('/stats'), /^messages: 16$/m)
  await first.turn('It was a sunny day.')
  assert.match(await first.command(`/save ${saved}`), `18 messages, ${first.kept} tokens saved`)
  const { kept: savedTokens } = first
  const next = await first.turn('The end was near.')

  // The file takes the chat back to where it was, as often as one likes.
  assert.match(await first.command(`/load ${saved}`), `18 messages, ${savedTokens} tokens loaded`)
  first.kept = savedTokens
  assert.is(said(await first.turn('The end was near.')), said(next))

  const bytes = readFileSync(saved)
  writeFileSync(damaged, bytes.subarray(0, -1000))
  assert.match(await first.command(`/load ${damaged}`), /tsinfer: .*damaged: expected a whole session .*cut/)
  bytes[bytes.length >> 1]! ^= 4
  writeFileSync(damaged, bytes)
  assert.match(await first.command(`/load ${damaged}`), /tsinfer: .*damaged: expected contents as it was saved/)
  await first.turn('She was glad.')
  await first.leave()

  using other = new Terminal('second', [...command, '--stages', '2', '-ub', '32'])
  const second = new Conversation(other)
  await second.begin()
  assert.match(await second.command(`/load ${saved}`), `18 messages, ${savedTokens} tokens loaded`)
  second.kept = savedTokens
  assert.is(said(await second.turn('The end was near.')), said(next))
  for (let turn = 13; turn < 20; turn++) await second.turn(MESSAGES[turn % MESSAGES.length]!)
  await second.leave()
}

/** The answer without the figures. */
const said = (shown: string): string => shown.slice(0, shown.indexOf('prompt_tokens: '))

const name = 'twenty turns in a terminal, of which each evaluates only its new tokens'
if (hasTmux()) test(name, twentyTurns)
else skipTest(test, name, 'needs tmux')

test.run()
