// What can be typed in a chat besides messages.
import { nearest } from '../../engine/options/nearest.ts'
import { printable } from '../../engine/quoted.ts'
import { listing } from '../shell/figures.ts'
import { pathsFrom, wordsFrom } from './completion.ts'
import type { ChatSession } from './session.ts'
import { SETTING_NAMES, settingsOf, withSetting } from './settings.ts'

/** What becomes of the chat: a text is printed and it goes on. */
type CommandOutcome = { readonly text: string } | 'exit' | 'regenerate'

interface ChatCommand {
  /** The one that help lists first. */
  readonly names: readonly [string, ...string[]]
  readonly argument?: string
  readonly help: string
  /** What an argument that has begun may become. */
  readonly complete?: (begun: string) => string[]
  readonly run: (session: ChatSession, argument: string) => CommandOutcome | Promise<CommandOutcome>
}

const said = (text: string): CommandOutcome => ({ text: `${printable(text)}\n` })

const COMMANDS: readonly ChatCommand[] = [
  { names: ['help'], help: 'list the commands', run: () => ({ text: help() }) },
  { names: ['clear'], help: 'forget the conversation, keep the system prompt', run: (session) => clear(session) },
  { names: ['reset'], help: 'the same as /clear', run: (session) => clear(session) },
  { names: ['regen'], help: 'answer the last message again', run: () => 'regenerate' },
  {
    names: ['system'],
    argument: '[TEXT]',
    help: 'set the system prompt, or show it; - removes it',
    run: (session, text) => system(session, text),
  },
  {
    names: ['set'],
    argument: 'NAME VALUE',
    help: 'change how the next answers are sampled: /set temperature 0.2',
    complete: (begun) => wordsFrom(['system', ...SETTING_NAMES], begun),
    run: (session, argument) => {
      const [, name = '', value = ''] = /^(\S*)\s*(.*)$/s.exec(argument) ?? []
      if (name === 'system') return system(session, value)
      if (name === '' || value === '') {
        return said(`/set: expected a name and a value; names: ${['system', ...SETTING_NAMES].join(', ')}`)
      }
      session.options = withSetting(session.options, name, value)
      return said(`${name} set to ${value}`)
    },
  },
  { names: ['show'], help: 'show the model, the system prompt and the settings', run: (session) => show(session) },
  {
    names: ['save'],
    argument: 'FILE',
    help: 'save the conversation, with what the model has computed of it',
    complete: pathsFrom,
    run: async (session, path) => {
      if (path === '') return said('/save: expected the name of a file')
      const { tokens } = await session.save(path)
      return said(`${path}: ${extent(session, tokens)} saved`)
    },
  },
  {
    names: ['load'],
    argument: 'FILE',
    help: 'go on with a saved conversation',
    complete: pathsFrom,
    run: async (session, path) => {
      if (path === '') return said('/load: expected the name of a file')
      const { tokens } = await session.load(path)
      return said(`${path}: ${extent(session, tokens)} loaded`)
    },
  },
  { names: ['stats'], help: 'figures of the last answer', run: (session) => ({ text: stats(session) }) },
  { names: ['exit', 'quit', 'bye'], help: 'leave (or Ctrl-D)', run: () => 'exit' },
]

const NAMES: readonly string[] = COMMANDS.flatMap(({ names }) => names)

const commandOf = (name: string): ChatCommand | undefined => COMMANDS.find(({ names }) => names.includes(name))

/** What comes of a line that begins with a slash. */
export async function runChatCommand(session: ChatSession, line: string): Promise<CommandOutcome> {
  const [, name = '', argument = ''] = /^\/(\S*)\s*(.*)$/s.exec(line) ?? []
  const command = commandOf(name)
  if (command !== undefined) return command.run(session, argument.trim())
  const suggestion = nearest(name, NAMES)
  return said(
    `/${name}: unknown command${suggestion === undefined ? '; /help lists them' : `; did you mean /${suggestion}?`}`,
  )
}

/** What Tab puts in place of the end of a line: commands, and what stands behind some of them. */
export function completeCommand(line: string): [candidates: string[], end: string] {
  const [, name = '', space = '', argument = ''] = /^\/(\S*)(\s*)(.*)$/s.exec(line) ?? []
  if (space === '') {
    const known = wordsFrom(NAMES, name)
    const [only] = known
    const goesOn = known.length === 1 && commandOf(only!)?.argument !== undefined
    return [known.map((one) => `/${one}${goesOn ? ' ' : ''}`), line]
  }
  return [commandOf(name)?.complete?.(argument) ?? [], argument]
}

function help(): string {
  const rows = COMMANDS.map(({ names, argument, help: text }): [string, string] => [
    `/${names[0]}${argument === undefined ? '' : ` ${argument}`}`,
    text,
  ])
  const width = Math.max(...rows.map(([left]) => left.length)) + 2
  const lines = rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`)
  const writing = [
    'A backslash at the end of a line, or """ before and after, writes a message of several lines.',
    'Tab completes commands, Ctrl-R searches what was typed before. A message that begins with // is sent with one slash.',
    'Ctrl-C stops an answer, Ctrl-Z the program until fg.',
  ]
  return `${[...lines, ...writing].join('\n')}\n`
}

function clear(session: ChatSession): CommandOutcome {
  session.clear()
  return said('the conversation begins anew')
}

function system(session: ChatSession, text: string): CommandOutcome {
  if (text === '') return said(session.system ?? 'no system prompt')
  session.system = text === '-' ? undefined : text
  return said(text === '-' ? 'system prompt removed' : 'system prompt set')
}

function show({ model, system: prompt, messages, options }: ChatSession): CommandOutcome {
  const { name, path, plan } = model.info
  const facts = { model: name ?? path, plan: plan.text, messages: messages.length, system: prompt ?? null }
  return { text: listing({ ...facts, ...settingsOf(options, model.info.sampling) }) }
}

const extent = ({ messages }: ChatSession, tokens: readonly number[]): string =>
  `${messages.length} messages, ${tokens.length} tokens`

function stats({ figures, messages, model }: ChatSession): string {
  const { context_used: used, ...others } = figures?.figures ?? {}
  const { contextLength } = model.info
  const sentences = (figures?.sentences ?? []).map((sentence) => `${sentence}\n`)
  const listed = listing({
    messages: messages.length,
    ...(used !== undefined && { context_used: used }),
    context: contextLength,
    ...others,
  })
  return `${listed}${sentences.join('')}`
}
