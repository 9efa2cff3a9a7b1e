// A template's syntax tree, as @huggingface/jinja's parser builds it, and how a source becomes one. Types of the nodes
// are declared here because the library exports none; its version is pinned, and the tests cover every node.
import { parse } from '@huggingface/jinja'
import { TOO_DEEP } from './budget.ts'
import { type Token, tokenize } from './lexer.ts'
import { lower } from './lowering.ts'
import { checkStatements } from './statements.ts'
import { syntaxFault } from './syntax-faults.ts'
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
interface CallNode {
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
interface FilterNode {
  readonly type: 'FilterExpression'
  readonly operand: Node
  readonly filter: FilterName
}
/** `lhs if test` without an else; as the iterable of a loop, its condition. */
interface SelectNode {
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
interface KeywordNode {
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

/** Nodes inside each other: more than any template has, and less than any stack holds. */
const NODE_DEPTH_MAX = 500

/** Throws a `TemplateFault` with the line that is no Jinja. */
export function parseTemplate(source: string): readonly Node[] {
  const tokens = tokenize(source)
  checkStatements(tokens)
  const lowered = lower(tokens)
  try {
    const nodes = parseTokens(lowered)
    checkDepth(nodes)
    return nodes
  } catch (error) {
    if (error instanceof TemplateFault) throw error
    // A stack that is full is one case of the depth that is checked above.
    if (error instanceof RangeError) throw new TemplateFault(TOO_DEEP)
    throw new TemplateFault(syntaxFault(error, lastRead(lowered)))
  }
}

type LibraryTokens = Parameters<typeof parse>[0]

const parseTokens = (tokens: readonly Token[]): readonly Node[] =>
  (parse(tokens as unknown as LibraryTokens) as unknown as { readonly body: readonly Node[] }).body

/** The library's faults name no place: the tokens are parsed once more to see which it read last. */
function lastRead(tokens: readonly Token[]): Token | undefined {
  let last = 0
  const watched = new Proxy(tokens as Token[], {
    get(target, key) {
      const at = Number(key)
      if (at >= 0) last = at
      return Reflect.get(target, key)
    },
  })
  try {
    parseTokens(watched)
  } catch {
    return tokens[last]
  }
  return undefined
}

function checkDepth(nodes: readonly Node[]): void {
  let level: unknown[] = [...nodes]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > NODE_DEPTH_MAX) throw new TemplateFault(TOO_DEEP)
    const inner: unknown[] = []
    for (const node of level) for (const part of Object.values(node as object)) collect(part, inner)
    level = inner
  }
}

/** Adds the nodes among the parts of a node. */
function collect(part: unknown, into: unknown[]): void {
  if (typeof part !== 'object' || part === null) return
  if (part instanceof Map) for (const pair of part) for (const node of pair) into.push(node)
  else if (Array.isArray(part)) for (const node of part) into.push(node)
  else into.push(part)
}
