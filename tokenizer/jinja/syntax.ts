// A template's syntax tree, as @huggingface/jinja's parser builds it, and how a source becomes one. Types of the nodes
// are declared here because the library exports none; its version is pinned, and the tests cover every node.
import { parse } from '@huggingface/jinja'
import { type Token, tokenize } from './lexer.ts'
import { lower } from './lowering.ts'
import { checkStatements } from './statements.ts'
import { TemplateFault } from './values.ts'

/** Statements and expressions alike; a text between blocks is a StringLiteral. */
export type Node =
  | { readonly type: 'Comment' | 'Break' | 'Continue' }
  | { readonly type: 'If'; readonly test: Node; readonly body: readonly Node[]; readonly alternate: readonly Node[] }
  | ForNode
  | SetNode
  | MacroNode
  | CallStatementNode
  | { readonly type: 'FilterStatement'; readonly filter: FilterName; readonly body: readonly Node[] }
  | { readonly type: 'MemberExpression'; readonly object: Node; readonly property: Node; readonly computed: boolean }
  | CallNode
  | Identifier
  | { readonly type: 'IntegerLiteral' | 'FloatLiteral'; readonly value: number }
  | { readonly type: 'StringLiteral'; readonly value: string }
  | { readonly type: 'ArrayLiteral'; readonly value: readonly Node[] }
  | TupleNode
  | { readonly type: 'ObjectLiteral'; readonly value: ReadonlyMap<Node, Node> }
  | { readonly type: 'BinaryExpression'; readonly operator: Operator; readonly left: Node; readonly right: Node }
  | { readonly type: 'UnaryExpression'; readonly operator: Operator; readonly argument: Node }
  | FilterNode
  | SelectNode
  | { readonly type: 'Ternary'; readonly condition: Node; readonly trueExpr: Node; readonly falseExpr: Node }
  | SliceNode
  | KeywordNode
  | { readonly type: 'SpreadExpression' | 'KeywordSpreadExpression'; readonly argument: Node }

interface Operator {
  readonly value: string
}
export interface Identifier {
  readonly type: 'Identifier'
  readonly value: string
}
export interface CallNode {
  readonly type: 'CallExpression'
  readonly callee: Node
  readonly args: readonly Node[]
}
export interface TupleNode {
  readonly type: 'TupleLiteral'
  readonly value: readonly Node[]
}
/** A name alone or with arguments. Tests come as filters too, named `is ...`. */
export type FilterName = Identifier | CallNode
export interface FilterNode {
  readonly type: 'FilterExpression'
  readonly operand: Node
  readonly filter: FilterName
}
/** `lhs if test` without an else; as the iterable of a loop, its condition. */
export interface SelectNode {
  readonly type: 'SelectExpression'
  readonly lhs: Node
  readonly test: Node
}
export interface SliceNode {
  readonly type: 'SliceExpression'
  readonly start?: Node
  readonly stop?: Node
  readonly step?: Node
}
export interface KeywordNode {
  readonly type: 'KeywordArgumentExpression'
  readonly key: Identifier
  readonly value: Node
}
export interface ForNode {
  readonly type: 'For'
  readonly loopvar: Identifier | TupleNode
  readonly iterable: Node
  readonly body: readonly Node[]
  readonly defaultBlock: readonly Node[]
}
export interface SetNode {
  readonly type: 'Set'
  readonly assignee: Node
  /** Null where the body is what is set. */
  readonly value: Node | null
  readonly body: readonly Node[]
}
export interface MacroNode {
  readonly type: 'Macro'
  readonly name: Identifier
  readonly args: readonly Node[]
  readonly body: readonly Node[]
}
export interface CallStatementNode {
  readonly type: 'CallStatement'
  readonly call: CallNode
  readonly callerArgs: readonly Node[] | null
  readonly body: readonly Node[]
}

/** Throws a `TemplateFault` with the line that is no Jinja. */
export function parseTemplate(source: string): readonly Node[] {
  const tokens = tokenize(source)
  checkStatements(tokens)
  const lowered = lower(tokens)
  try {
    return parseTokens(lowered)
  } catch (error) {
    if (error instanceof RangeError) throw new TemplateFault('expected expressions less deep, found too many brackets')
    throw new TemplateFault(`line ${lineOfFault(lowered)}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

type LibraryTokens = Parameters<typeof parse>[0]

const parseTokens = (tokens: readonly Token[]): readonly Node[] =>
  (parse(tokens as unknown as LibraryTokens) as unknown as { readonly body: readonly Node[] }).body

/** The library's faults name no place, so the tokens are parsed once more to see how far it reads. */
function lineOfFault(tokens: readonly Token[]): number {
  let line = 1
  const watched = new Proxy(tokens as Token[], {
    get(target, key) {
      const token = typeof key === 'string' && /^\d+$/.test(key) ? target[Number(key)] : undefined
      if (token !== undefined) line = Math.max(line, token.line)
      return Reflect.get(target, key)
    },
  })
  try {
    parseTokens(watched)
  } catch {
    return line
  }
  return line
}
