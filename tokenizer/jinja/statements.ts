// Checks that the statements of a template open and close each other, because the library's parser names neither
// statement nor line where they do not.

import { NESTING_MAX, type Token } from './lexer.ts'
import { TemplateFault, told } from './values.ts'

const CLOSED_BY: ReadonlyMap<string, string> = new Map(
  ['if', 'for', 'macro', 'call', 'filter', 'set', 'with', 'generation'].map((name) => [name, `end${name}`]),
)
const ENDS: ReadonlySet<string> = new Set(CLOSED_BY.values())

interface Open {
  readonly name: string
  readonly line: number
}

/** Throws a `TemplateFault` with the line of what does not fit. */
export function checkStatements(tokens: readonly Token[]): void {
  const open: Open[] = []
  tokens.forEach((token, i) => {
    if (token.type !== 'OpenStatement') return
    const name = tokens[i + 1]
    if (name === undefined || name.type !== 'Identifier') throw fault(token, 'the name of a statement', name)
    if (CLOSED_BY.has(name.value)) {
      if (name.value === 'set' && !isBlockSet(tokens, i)) return
      if (open.length === NESTING_MAX) throw fault(token, `at most ${NESTING_MAX} statements inside each other`, name)
      open.push({ name: name.value, line: token.line })
    } else if (ENDS.has(name.value)) close(open, name)
    else checkInner(open, name)
  })
  const left = open.pop()
  if (left !== undefined) {
    throw new TemplateFault(
      told`line ${left.line}: expected {% ${CLOSED_BY.get(left.name)} %} for ${left.name}, found the end`,
    )
  }
}

function close(open: Open[], { value, line }: Token): void {
  const last = open.pop()
  if (last !== undefined && CLOSED_BY.get(last.name) === value) return
  const wanted = last === undefined ? 'no end' : `${CLOSED_BY.get(last.name)} for the ${last.name} in line ${last.line}`
  throw new TemplateFault(told`line ${line}: expected ${wanted}, found ${value}`)
}

function checkInner(open: readonly Open[], token: Token): void {
  const last = open.at(-1)?.name
  switch (token.value) {
    case 'else':
      if (last === 'if' || last === 'for') return
      break
    case 'elif':
      if (last === 'if') return
      break
    case 'break':
    case 'continue': {
      const inner = open.findLast(({ name }) => name === 'for' || name === 'macro' || name === 'call')
      if (inner?.name === 'for') return
      break
    }
    default:
      throw fault(token, 'a statement that can be rendered', token)
  }
  throw fault(token, 'another statement here', token)
}

/** `{% set x %}...{% endset %}` as opposed to `{% set x = ... %}`. */
function isBlockSet(tokens: readonly Token[], at: number): boolean {
  let depth = 0
  for (let i = at; tokens[i] !== undefined && tokens[i]!.type !== 'CloseStatement'; i++) {
    const { type } = tokens[i]!
    if (type.startsWith('Open')) depth++
    else if (type.startsWith('Close')) depth--
    else if (type === 'Equals' && depth === 1) return false
  }
  return true
}

const fault = ({ line }: Token, wanted: string, found: Token | undefined): TemplateFault =>
  new TemplateFault(told`line ${line}: expected ${wanted}, found ${found?.value ?? 'the end'}`)
