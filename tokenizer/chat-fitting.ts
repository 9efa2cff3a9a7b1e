// Brings a conversation into the forms that a template reads. What it reads is found out by rendering this very
// conversation with needles, numbers that stand nowhere else, in the place of contents, and looking for them in the
// result: no table of templates, no reading of their source. llama.cpp probes likewise, with messages of its own. Pure.
import { TsinferError } from '../engine/errors.ts'
import { type Message, partsOf, textOfContent, withContent } from './chat-contents.ts'
import type { ChatTemplate } from './chat-template.ts'
import { Budget } from './jinja/budget.ts'
import { readJson } from './jinja/json.ts'
import type { LocalTime } from './jinja/strftime.ts'
import { TemplateFault, type Value } from './jinja/values.ts'
import { withToolsTold } from './tools-in-prompt.ts'

export interface Conversation {
  /** `messages`, `tools` and all else that the template sees. */
  readonly variables: ReadonlyMap<string, Value>
  readonly now: LocalTime
  /** Where the template reads no tools: `tell` the model in the system turn, `refuse` them, or `leave` them unread. */
  readonly unreadTools: 'tell' | 'refuse' | 'leave'
  /** What all renderings together may take. Default: as much as one may. */
  readonly budget?: Budget
}

export interface FittedChat {
  readonly text: string
  /** As they were rendered. */
  readonly variables: ReadonlyMap<string, Value>
  /** There are tools, and the template reads none. */
  readonly hasUnreadTools: boolean
}

/** The text for these messages; `tools` takes the place of the conversation's. Throws what rendering throws. */
type Render = (messages: readonly Message[], tools?: Value) => string

/**
 * The prompt of a conversation. Texts in parts are joined where the template takes no lists, texts become parts where it
 * takes nothing else, a system turn that it does not read goes into the first user turn, arguments of calls become
 * objects. Throws `prompt_invalid` for parts that are no text, `template_refused` where the template does not take these
 * messages, or reads no tools.
 */
export function renderFitted(template: ChatTemplate, conversation: Conversation): FittedChat {
  const { variables, now, unreadTools, budget = new Budget() } = conversation
  const tools = variables.get('tools')
  const given = variables.get('messages')
  const rendering = (changed: ReadonlyMap<string, Value>) => template.render({ variables: changed, now, budget })
  if (!Array.isArray(given) || !given.every((message) => message instanceof Map)) {
    return { text: rendering(variables), variables, hasUnreadTools: false }
  }
  const withMessages = (messages: readonly Message[], used: Value | undefined) =>
    new Map([
      ...variables,
      ['messages', [...messages]] as const,
      ...(used === undefined ? [] : [['tools', used] as const]),
    ])
  let used = tools
  const render: Render = (messages, other = used) => rendering(withMessages(messages, other))
  let messages = fitContents(given as Message[], render)
  const hasUnreadTools = Array.isArray(tools) && tools.length > 0 && !readsTools(messages, tools, render)
  if (hasUnreadTools && unreadTools === 'refuse') {
    throw new TsinferError(
      'template_refused',
      'chat template: reads no tools: expected none, another template, or toolsInPrompt, which tells them in the system turn',
    )
  }
  if (hasUnreadTools && unreadTools === 'tell') {
    messages = withToolsTold(messages, tools as Value[])
    used = null
  }
  const fitted = fitSystem(messages, render)
  const { text, messages: rendered } = renderEither(render, fitted)
  return { text, variables: withMessages(rendered, used), hasUnreadTools }
}

/** Caseless, without white space or marks: it passes through filters unchanged. */
const needle = (index: number): string => `48213${String(index).padStart(6, '0')}76495`
/** The key of a part that nobody reads: where it shows, the list itself was printed. */
const unread = (index: number): string => `59107${String(index).padStart(6, '0')}38264`

/** Which needles a text holds, in one pass: there is one for every message. */
const needlesIn = (text: string): ReadonlySet<number> => numbersIn(text, /(?=48213(\d{6,7}?)76495)/g)
const unreadIn = (text: string): ReadonlySet<number> => numbersIn(text, /(?=59107(\d{6,7}?)38264)/g)
const numbersIn = (text: string, pattern: RegExp): ReadonlySet<number> =>
  new Set(Array.from(text.matchAll(pattern), ([, digits]) => Number(digits)))

const needlePart = (index: number): Value[] => [
  new Map<string, Value>([
    ['type', 'text'],
    ['text', needle(index)],
    [unread(index), null],
  ]),
]

function attempt(render: () => string): string {
  try {
    return render()
  } catch (error) {
    if (error instanceof TsinferError) return ''
    throw error
  }
}

/** Contents as the template takes them. Throws for parts that are no text. */
function fitContents(given: readonly Message[], render: Render): Message[] {
  const parts = given.map(partsOf)
  const joined = given.map((message, i) =>
    parts[i] === undefined ? message : withContent(message, textOfContent(message)),
  )
  const isRead = readParts(joined, given, (i) => parts[i] !== undefined, render)
  const fitted = given.map((message, i) => (isRead.has(i) ? message : joined[i]!))
  if (!fitted.some((message, i) => !isRead.has(i) && hasText(message))) return fitted
  // A text that does not show, though the same in a part does, is read as parts only.
  const shown = attempt(() =>
    render(fitted.map((m, i) => (isRead.has(i) || !hasText(m) ? m : withContent(m, needle(i))))),
  )
  const seen = needlesIn(shown)
  const isMissing = (i: number) => !isRead.has(i) && hasText(fitted[i]!) && !seen.has(i)
  if (!fitted.some((_, i) => isMissing(i))) return fitted
  const wanted = readParts(fitted, fitted, isMissing, render)
  return fitted.map((message, i) => {
    if (!wanted.has(i)) return message
    const part = new Map<string, Value>([
      ['type', 'text'],
      ['text', message.get('content')!],
    ])
    return withContent(message, [part])
  })
}

const hasText = (message: Message): boolean => {
  const content = message.get('content')
  return typeof content === 'string' && content !== ''
}

/** Which of the messages in question the template reads part by part: of all roles, or else of those that it can. */
function readParts(
  plain: readonly Message[],
  given: readonly Message[],
  isAsked: (i: number) => boolean,
  render: Render,
): ReadonlySet<number> {
  const asked = given.map((_, i) => i).filter(isAsked)
  const roles = new Set(asked.map((i) => given[i]!.get('role')))
  const among = (part: readonly number[]) => {
    const chosen = new Set(part)
    const text = attempt(() => render(plain.map((m, i) => (chosen.has(i) ? withContent(m, needlePart(i)) : m))))
    const [seen, printed] = [needlesIn(text), unreadIn(text)]
    return part.filter((i) => seen.has(i) && !printed.has(i))
  }
  const all = asked.length === 0 ? [] : among(asked)
  if (all.length === asked.length || roles.size === 1) return new Set(all)
  return new Set([...roles].flatMap((role) => among(asked.filter((i) => given[i]!.get('role') === role))))
}

/** What any template takes. */
const USER: Message = new Map([
  ['role', 'user'],
  ['content', '1'],
] as const)

/** Whether names of the tools reach the prompt, in this conversation or where a user alone has spoken. */
function readsTools(messages: readonly Message[], tools: Value, render: Render): boolean {
  const renamed = (tools as Value[]).map((tool, i) => withName(tool, needle(i)))
  const [first] = renamed
  if (first === undefined || renamed.some((tool) => tool === undefined)) return true
  return [messages, [USER]].some((asked) => attempt(() => render(asked, renamed as Value[])).includes(needle(0)))
}

/** The tool by another name; undefined where it has none. */
function withName(tool: Value, name: string): Value | undefined {
  if (!(tool instanceof Map)) return undefined
  const inner = tool.get('function')
  if (inner instanceof Map && inner.has('name'))
    return new Map([...tool, ['function', new Map([...inner, ['name', name]])]])
  return tool.has('name') ? new Map([...tool, ['name', name]]) : undefined
}

/** As llama.cpp: a system turn that the template does not read stands in front of the first user turn, in it. */
function fitSystem(messages: readonly Message[], render: Render): readonly Message[] {
  const [first, ...rest] = messages
  if (first?.get('role') !== 'system' || textOfContent(first) === '') return messages
  const content = Array.isArray(first.get('content')) ? needlePart(0) : needle(0)
  const shows = (asked: readonly Message[]) => attempt(() => render(asked)).includes(needle(0))
  // Some show it in certain conversations only: that is theirs to choose.
  if ([rest, [USER]].some((behind) => shows([withContent(first, content), ...behind]))) return messages
  const merged = (text: string): Message[] => {
    const at = rest.findIndex((message) => message.get('role') === 'user')
    if (at < 0) return [new Map([...first, ['role', 'user'], ['content', text]] as const), ...rest]
    return rest.with(at, inFront(text, rest[at]!))
  }
  return shows(merged(needle(0))) ? merged(textOfContent(first)) : messages
}

function inFront(text: string, message: Message): Message {
  const content = message.get('content')
  if (!Array.isArray(content)) return withContent(message, `${text}\n${typeof content === 'string' ? content : ''}`)
  const part = new Map<string, Value>([
    ['type', 'text'],
    ['text', `${text}\n`],
  ])
  return withContent(message, [part, ...content])
}

/**
 * OpenAI's shape has the arguments of tool calls as JSON text, most templates want them as objects, some as text: the
 * objects are tried first.
 */
function renderEither(render: Render, messages: readonly Message[]): { text: string; messages: readonly Message[] } {
  const opened = messages.map(withObjects)
  if (opened.every((message, i) => message === messages[i])) return { text: render(messages), messages }
  try {
    return { text: render(opened), messages: opened }
  } catch (error) {
    if (!(error instanceof TsinferError)) throw error
    try {
      return { text: render(messages), messages }
    } catch {
      throw error
    }
  }
}

/** The message with its calls' arguments as objects, itself where there are none to convert. */
function withObjects(message: Message): Message {
  const calls = message.get('tool_calls')
  if (!Array.isArray(calls)) return message
  const opened = calls.map(withObject)
  return opened.every((call, i) => call === calls[i]) ? message : new Map([...message, ['tool_calls', opened] as const])
}

function withObject(call: Value): Value {
  const inner = call instanceof Map ? call.get('function') : undefined
  if (!(call instanceof Map) || !(inner instanceof Map)) return call
  const text = inner.get('arguments')
  if (typeof text !== 'string') return call
  try {
    const args = readJson(text)
    if (!(args instanceof Map)) return call
    return new Map([...call, ['function', new Map([...inner, ['arguments', args] as const])] as const])
  } catch (error) {
    if (error instanceof TemplateFault) return call
    throw error
  }
}
