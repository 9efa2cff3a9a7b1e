// What can be typed in a chat besides messages.
import { listing, snakeKeys } from '../figures.ts'
import { nearest } from '../nearest.ts'
import type { ChatSession } from './session.ts'

interface ChatCommand {
  readonly name: string
  readonly argument?: string
  readonly help: string
  /** Returns what to print. */
  readonly run: (session: ChatSession, argument: string) => string | Promise<string>
}

const EXIT_NAMES: ReadonlySet<string> = new Set(['exit', 'quit', 'bye'])

const COMMANDS: readonly ChatCommand[] = [
  { name: 'help', help: 'list the commands', run: () => help() },
  {
    name: 'reset',
    help: 'forget the conversation, keep the system prompt',
    run: (session) => {
      session.reset()
      return 'the conversation begins anew\n'
    },
  },
  {
    name: 'system',
    argument: '[TEXT]',
    help: 'set the system prompt, or show it; - removes it',
    run: (session, text) => {
      if (text === '') return session.system === undefined ? 'no system prompt\n' : `${session.system}\n`
      session.system = text === '-' ? undefined : text
      return text === '-' ? 'system prompt removed\n' : 'system prompt set\n'
    },
  },
  {
    name: 'save',
    argument: 'FILE',
    help: 'save the conversation, with what the model has computed of it',
    run: async (session, path) => {
      if (path === '') return '/save: expected the name of a file\n'
      const { tokens } = await session.save(path)
      return `${path}: ${extent(session, tokens)} saved\n`
    },
  },
  {
    name: 'load',
    argument: 'FILE',
    help: 'go on with a saved conversation',
    run: async (session, path) => {
      if (path === '') return '/load: expected the name of a file\n'
      const { tokens } = await session.load(path)
      return `${path}: ${extent(session, tokens)} loaded\n`
    },
  },
  { name: 'stats', help: 'figures of the last answer', run: (session) => stats(session) },
]

const extent = ({ messages }: ChatSession, tokens: readonly number[]): string =>
  `${messages.length} messages, ${tokens.length} tokens`

/** The result of a line that begins with a slash; `exit` where it ends the chat. */
export async function runChatCommand(session: ChatSession, line: string): Promise<string | 'exit'> {
  const [, name = '', argument = ''] = /^\/(\S*)\s*(.*)$/s.exec(line) ?? []
  if (EXIT_NAMES.has(name)) return 'exit'
  const command = COMMANDS.find((one) => one.name === name)
  if (command !== undefined) return command.run(session, argument.trim())
  const suggestion = nearest(
    name,
    COMMANDS.map((one) => one.name),
  )
  return `/${name}: unknown command${suggestion === undefined ? '' : `; did you mean /${suggestion}?`}\n`
}

function help(): string {
  const rows = COMMANDS.map(({ name, argument, help: text }): [string, string] => [
    `/${name}${argument === undefined ? '' : ` ${argument}`}`,
    text,
  ])
  rows.push(['/exit', 'leave (or Ctrl-D)'])
  const lines = rows.map(([left, right]) => `  ${left.padEnd(16)}${right}`)
  const writing = [
    'A backslash at the end of a line, or """ before and after, writes a message of several lines.',
    'Ctrl-C stops an answer. A message that begins with // is sent with one slash.',
  ]
  return `${[...lines, ...writing].join('\n')}\n`
}

function stats({ last, messages, model }: ChatSession): string {
  const { contextLength } = model.info
  if (last === undefined) return listing({ messages: messages.length, context: contextLength })
  const used = last.promptIds.length + last.choices[0]!.ids.length
  return listing({
    messages: messages.length,
    context_used: used,
    context: contextLength,
    finish_reason: last.choices[0]!.finishReason,
    seed: last.seed,
    ...snakeKeys(last.stats),
  })
}
