// Rewrites tokens where the library's parser knows less than Jinja2, into forms that it does know:
// - `x is name(args)` and `x is name arg` become filters called `is name`, which also gives tests their place among
//   filters; the library knows tests without arguments only
// - `(a,)` and `()` get elements that the evaluation leaves out, so that they are read as tuples
// - `for x in a, b if c` gets brackets around what is looped over and around its condition; what a `recursive` loop goes
//   over becomes a filter of its own
// - integers beyond 2^53 become `('...' | int)`
// - `{% with a = 1 %}` becomes a loop of one round, `{% generation %}` nothing
import type { Token } from './lexer.ts'
import { TemplateFault, told } from './values.ts'

/** The loop variable that stands for a `with` statement; no name in a template has a space. */
export const WITH_VARIABLE = ' with'
/** The filter that marks what a recursive loop goes over. */
export const RECURSIVE = ' recursive'
/** The name of an element of a tuple that is none. */
export const NO_ELEMENT = ' none'

export function lower(tokens: readonly Token[]): Token[] {
  return lowerTests(lowerTuples(lowerLoops(lowerStatements(tokens.flatMap(lowerInteger)))))
}

/** The library reads literals as JavaScript's numbers. */
function lowerInteger(token: Token): Token[] {
  const { type, value, line } = token
  const isExact = type !== 'NumericLiteral' || value.includes('.') || Number.isSafeInteger(Number(value))
  if (isExact) return [token]
  const make = (part: string, text: string): Token => ({ type: part, value: text, line })
  const cast = [make('StringLiteral', value), make('Pipe', '|'), make('Identifier', 'int')]
  return [make('OpenParen', '('), ...cast, make('CloseParen', ')')]
}

const CLOSES: Readonly<Record<string, string>> = {
  OpenParen: 'CloseParen',
  OpenSquareBracket: 'CloseSquareBracket',
  OpenCurlyBracket: 'CloseCurlyBracket',
}
const CLOSERS: ReadonlySet<string> = new Set(Object.values(CLOSES))

/** Position after the brackets that open at `at`. */
function afterBrackets(tokens: readonly Token[], at: number): number {
  let depth = 0
  for (let i = at; i < tokens.length; i++) {
    const { type } = tokens[i]!
    if (type in CLOSES) depth++
    else if (CLOSERS.has(type) && --depth === 0) return i + 1
  }
  return tokens.length
}

function lowerStatements(tokens: readonly Token[]): Token[] {
  const result: Token[] = []
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!
    const name = token.type === 'OpenStatement' ? tokens[i + 1]?.value : undefined
    if (name === 'generation' || name === 'endgeneration') i += 2
    else if (name === 'with') {
      let end = i
      while (tokens[end]!.type !== 'CloseStatement') end++
      append(result, withStatement(token, tokens.slice(i + 2, end)))
      i = end
    } else if (name === 'endwith') {
      result.push(token, { ...tokens[i + 1]!, value: 'endfor' })
      i++
    } else result.push(token)
  }
  return result
}

/** `{% for <with> in [0] %}{% set names = values %}` */
function withStatement(open: Token, assignments: readonly Token[]): Token[] {
  const { line } = open
  const make = (type: string, value: string): Token => ({ type, value, line })
  const close = make('CloseStatement', '%}')
  const loop = [
    open,
    make('Identifier', 'for'),
    make('Identifier', WITH_VARIABLE),
    make('Identifier', 'in'),
    make('OpenSquareBracket', '['),
    make('NumericLiteral', '0'),
    make('CloseSquareBracket', ']'),
    close,
  ]
  const parts = splitAtCommas(assignments)
  if (parts.length === 0) return loop
  const comma = make('Comma', ',')
  const join = (lists: readonly (readonly Token[])[]) => lists.flatMap((list, i) => (i === 0 ? list : [comma, ...list]))
  for (const [name, equals] of parts) {
    if (name?.type !== 'Identifier' || equals?.type !== 'Equals') {
      throw new TemplateFault(told`line ${line}: expected name = value in with, found ${equals?.value ?? 'the end'}`)
    }
  }
  const names = join(parts.map((part) => part.slice(0, 1)))
  const values = join(parts.map((part) => part.slice(2)))
  return [...loop, open, make('Identifier', 'set'), ...names, make('Equals', '='), ...values, close]
}

function splitAtCommas(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = []
  for (let i = 0; i < tokens.length; ) {
    const part: Token[] = []
    while (i < tokens.length && tokens[i]!.type !== 'Comma') {
      const end = tokens[i]!.type in CLOSES ? afterBrackets(tokens, i) : i + 1
      append(part, tokens.slice(i, end))
      i = end
    }
    parts.push(part)
    i++
  }
  return parts
}

/** `for target in (iterable) if (condition)`, or without the condition `for target in (iterable) | list`. */
function lowerLoops(tokens: readonly Token[]): Token[] {
  const result: Token[] = []
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!
    result.push(token)
    if (token.type !== 'OpenStatement' || tokens[i + 1]?.value !== 'for') continue
    const begin = findFlat(tokens, i + 1, 'in')
    const end = findFlat(tokens, i + 1, undefined)
    if (begin === end) continue
    const last = tokens[end - 1]!
    const isRecursive = end - 1 > begin + 1 && last.type === 'Identifier' && last.value === 'recursive'
    const to = isRecursive ? end - 1 : end
    const test = Math.min(to, findFlat(tokens, begin + 1, 'if'))
    const make = (type: string, value: string): Token => ({ type, value, line: token.line })
    const filter = (name: string) => [make('Pipe', '|'), make('Identifier', name)]
    const wrap = (part: readonly Token[]) => [make('OpenParen', '('), ...part, make('CloseParen', ')')]
    append(result, tokens.slice(i + 1, begin + 1))
    append(result, wrap(tokens.slice(begin + 1, test)))
    if (isRecursive) append(result, filter(RECURSIVE))
    if (test < to) append(result, [tokens[test]!, ...wrap(tokens.slice(test + 1, to))])
    else if (tokens[begin + 1]!.type === 'OpenParen' && !isRecursive) append(result, filter('list'))
    i = end - 1
  }
  return result
}

/** A spread would put all of them on the stack. */
function append(tokens: Token[], more: readonly Token[]): void {
  for (const token of more) tokens.push(token)
}

/** Position of a word of this statement outside of brackets, or of its end. */
function findFlat(tokens: readonly Token[], from: number, word: string | undefined): number {
  let at = from
  while (at < tokens.length && tokens[at]!.type !== 'CloseStatement') {
    const { type, value } = tokens[at]!
    if (type === 'Identifier' && value === word) return at
    at = type in CLOSES ? afterBrackets(tokens, at) : at + 1
  }
  return at
}

/** What can stand before the brackets of a call or an index. */
const CALLED: ReadonlySet<string> = new Set(['Identifier', 'CloseParen', 'CloseSquareBracket'])
/** Words before a bracket that do not call anything. */
const KEYWORDS: ReadonlySet<string> = new Set(['in', 'and', 'or', 'not', 'if', 'else', 'elif', 'is', 'for', 'set'])

function lowerTuples(tokens: readonly Token[]): Token[] {
  const fillers = new Map<number, number>()
  tokens.forEach((token, i) => {
    if (token.type !== 'OpenParen' || isCall(tokens[i - 1])) return
    const end = afterBrackets(tokens, i) - 1
    if (end === i + 1) fillers.set(end, 2)
    else if (tokens[end - 1]?.type === 'Comma') fillers.set(end, 1)
  })
  return tokens.flatMap((token, i) => {
    const filler = { ...token, type: 'Identifier', value: NO_ELEMENT }
    const comma = { ...token, type: 'Comma', value: ',' }
    const count = fillers.get(i) ?? 0
    return count === 0 ? [token] : count === 1 ? [filler, token] : [filler, comma, filler, token]
  })
}

const isCall = (before: Token | undefined): boolean =>
  before !== undefined && CALLED.has(before.type) && !(before.type === 'Identifier' && KEYWORDS.has(before.value))

const ARGUMENT_BEGINS: ReadonlySet<string> = new Set([
  'Identifier',
  'StringLiteral',
  'NumericLiteral',
  ...Object.keys(CLOSES),
])
const NO_ARGUMENT: ReadonlySet<string> = new Set(['else', 'or', 'and'])

function lowerTests(tokens: readonly Token[]): Token[] {
  const result: Token[] = []
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!
    const isOperator = token.type === 'Identifier' && token.value === 'is' && tokens[i - 1]?.type !== 'Dot'
    if (!isOperator) {
      result.push(token)
      continue
    }
    const negated = tokens[i + 1]?.value === 'not' ? 1 : 0
    const name = tokens[i + 1 + negated]
    if (name?.type !== 'Identifier') {
      throw new TemplateFault(
        told`line ${token.line}: expected the name of a test after is, found ${name?.value ?? 'the end'}`,
      )
    }
    result.push({ ...token, type: 'Pipe', value: '|' }, { ...name, value: `is ${negated ? 'not ' : ''}${name.value}` })
    i += 1 + negated
    const next = tokens[i + 1]
    if (next === undefined || !ARGUMENT_BEGINS.has(next.type) || next.type === 'OpenParen') continue
    if (next.type === 'Identifier' && NO_ARGUMENT.has(next.value)) continue
    const end = afterPostfix(tokens, i + 1)
    const argument = lowerTests(tokens.slice(i + 1, end))
    result.push({ ...next, type: 'OpenParen', value: '(' })
    append(result, argument)
    result.push({ ...next, type: 'CloseParen', value: ')' })
    i = end - 1
  }
  return result
}

/** Position after a name, literal or bracket and what is called on it or taken from it. */
function afterPostfix(tokens: readonly Token[], at: number): number {
  let end = tokens[at]!.type in CLOSES ? afterBrackets(tokens, at) : at + 1
  while (tokens[at]!.type === 'StringLiteral' && tokens[end]?.type === 'StringLiteral') end++
  for (;;) {
    const type = tokens[end]?.type
    if (type === 'Dot') end += 2
    else if (type === 'OpenParen' || type === 'OpenSquareBracket') end = afterBrackets(tokens, end)
    else return end
  }
}
