// Which characters of a prompt come from messages. A control token is one only where the template wrote its beginning;
// the same letters in a message are text. To tell them apart the conversation is rendered once more, with stand-ins for
// the characters that control tokens begin with in messages and tools: where the result is the prompt again once the
// stand-ins are taken back, they show where these characters went, through whatever the template did with them. A
// template that looks at them itself gives another result; then fewer are replaced. Where nothing tells them apart, the
// request is refused. Pure.
import { TsinferError } from '../engine/errors.ts'
import { Needle } from './jinja/search.ts'
import { TemplateFault, type Value } from './jinja/values.ts'

/** What a vocabulary says of its control tokens. */
export interface ControlTexts {
  /** Characters (UTF-16 units) that their texts begin with. */
  readonly beginnings: ReadonlySet<string>
  /** The texts of those in a text, in order. */
  within(text: string): readonly string[]
}

/** A prompt with stand-ins for characters that are text. */
export interface MarkedText {
  readonly text: string
  /** What each stand-in stands for. */
  readonly standIns: ReadonlyMap<string, string>
}

/** The text as it is meant. */
export function withoutMarks(text: string, standIns: ReadonlyMap<string, string>): string {
  return standIns.size === 0 ? text : text.replace(patternOf(standIns.keys()), (unit) => standIns.get(unit)!)
}

type RenderVariables = ReadonlyMap<string, Value>
type MessageRole = Value | undefined
/** A message's text with stand-ins. */
type Marking = (text: string, role: MessageRole) => string

/**
 * The prompt `text` of `variables` with marks; undefined where no message spells the beginning of a control token.
 * `render` renders changed variables as the prompt was. Throws `template_refused` where a control token in a message
 * cannot be told from the template's own.
 */
export function markMessages(
  text: string,
  variables: RenderVariables,
  render: (variables: RenderVariables) => string,
  controls: ControlTexts,
): MarkedText | undefined {
  const texts = messageTexts(variables)
  const used = unitsIn(texts, patternOf(controls.beginnings))
  if (used.size === 0) return undefined
  const present = new Set(texts.flatMap((one) => [...controls.within(one)]))
  const standIns = chooseStandIns(used, [...texts, text])
  if (standIns === undefined) throw untold(present)
  const marks = new Map(Array.from(standIns, ([unit, original]) => [original, unit] as const))
  const wholes = (one: string) => markWholes(one, present, marks)
  const beginnings = (one: string) => one.replace(patternOf(signs(marks)), (unit) => marks.get(unit)!)
  const isOwn = (role: MessageRole) => role === 'assistant'
  // What a model wrote may hold marks that its template looks for; others have no business with them.
  const ways: readonly Marking[] = [
    (one) => beginnings(wholes(one)),
    (one, role) => (isOwn(role) ? wholes(one) : beginnings(wholes(one))),
    wholes,
    (one, role) => (isOwn(role) ? one : wholes(one)),
  ]
  let last = ''
  for (const way of ways) {
    last = attempt(() => render(markedVariables(variables, way)))
    if (withoutMarks(last, standIns) === text) return { text: last, standIns }
  }
  // What was written otherwise than it was given may not spell them any more.
  if (present.size === 0 || isSame(controls.within(text), controls.within(last))) return undefined
  throw untold(present)
}

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((x, i) => x === b[i])

function attempt(render: () => string): string {
  try {
    return render()
  } catch (error) {
    if (error instanceof TsinferError || error instanceof TemplateFault) return ''
    throw error
  }
}

const untold = (present: ReadonlySet<string>): TsinferError => {
  const found = [...present].slice(0, 3).map((text) => JSON.stringify(text.slice(0, 100)))
  return new TsinferError(
    'template_refused',
    `chat template: expected messages without control tokens (or parseSpecial), found ${found.join(', ')}, which it reads itself`,
  )
}

/** Symbols that texts hardly have, whose case, class and order no template asks for; then those of private use. */
function chooseStandIns(units: ReadonlySet<string>, texts: readonly string[]): Map<string, string> | undefined {
  const standIns = new Map<string, string>()
  const left = [...units]
  const taken = unitsIn(texts, /[\u4dc0-\u4dff\ue000-\uf8ff]/g)
  for (const [from, to] of [
    [0x4dc0, 0x4dff],
    [0xe000, 0xf8ff],
  ] as const) {
    for (let code = from; code <= to && left.length > 0; code++) {
      const unit = String.fromCharCode(code)
      if (!taken.has(unit)) standIns.set(unit, left.pop()!)
    }
  }
  return left.length > 0 ? undefined : standIns
}

/** Which of the pattern's characters stand in any of the texts. */
function unitsIn(texts: readonly string[], pattern: RegExp): ReadonlySet<string> {
  const units = new Set<string>()
  for (const text of texts) for (const [unit] of text.matchAll(pattern)) units.add(unit)
  return units
}

/** Those that are no letter, digit or space: words would be unreadable to the template without theirs. */
const signs = (marks: ReadonlyMap<string, string>): string[] =>
  [...marks.keys()].filter((unit) => !/[\p{L}\p{N}\s]/u.test(unit))

/** One of the characters; of none, nothing. */
const patternOf = (units: Iterable<string>): RegExp => {
  const classes = Array.from(units, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
  return classes === '' ? /(?!)/g : new RegExp(`[${classes}]`, 'g')
}

/** Marks the first character of every control token that the text spells. */
function markWholes(text: string, present: ReadonlySet<string>, marks: ReadonlyMap<string, string>): string {
  let marked = text
  for (const control of present) {
    const mark = marks.get(control[0]!)
    if (mark === undefined) continue
    const needle = new Needle(control)
    const pieces: string[] = []
    let from = 0
    for (let at = needle.find(marked, 0); at >= 0; at = needle.find(marked, from)) {
      pieces.push(marked.slice(from, at), mark, control.slice(1))
      from = at + control.length
    }
    marked = pieces.join('') + marked.slice(from)
  }
  return marked
}

/** All texts of messages and tools, keys included. */
function messageTexts(variables: RenderVariables): string[] {
  const texts: string[] = []
  const collect = (value: Value): void => {
    if (typeof value === 'string') texts.push(value)
    else if (Array.isArray(value)) value.forEach(collect)
    else if (value instanceof Map) {
      for (const [key, inner] of value) {
        collect(key)
        collect(inner)
      }
    }
  }
  for (const name of MARKED) collect(variables.get(name) ?? null)
  return texts
}

/** Variables that hold what others have written. */
const MARKED = ['messages', 'tools'] as const

function markedVariables(variables: RenderVariables, way: Marking): RenderVariables {
  const mark = (value: Value, role: MessageRole): Value => {
    if (typeof value === 'string') return way(value, role)
    if (Array.isArray(value)) return value.map((inner) => mark(inner, role))
    if (!(value instanceof Map)) return value
    return new Map(
      Array.from(value, ([key, inner]) => [typeof key === 'string' ? way(key, role) : key, mark(inner, role)]),
    )
  }
  const changed = new Map(variables)
  for (const name of MARKED) {
    const value = variables.get(name)
    if (!Array.isArray(value)) continue
    changed.set(
      name,
      value.map((item) => mark(item, item instanceof Map ? item.get('role') : undefined)),
    )
  }
  return changed
}
