// What @huggingface/jinja's parser says about a template that is no Jinja, in sentences that name no part of the parser.
import type { Token } from './lexer.ts'

/** How a template's author calls what the parser wants. */
const WANTED: Readonly<Record<string, string>> = {
  CloseCurlyBracket: "'}'",
  CloseExpression: 'the end of the expression (}})',
  CloseParen: "')'",
  CloseSquareBracket: "']'",
  CloseStatement: 'the end of the statement (%})',
  Colon: "':'",
  Equals: "'='",
  Identifier: 'a name',
  OpenExpression: '{{',
  OpenParen: "'('",
  OpenStatement: 'a statement ({%)',
  Text: 'a text',
}

/** What is wrong, by how the parser's message begins; the first that fits counts. */
const KNOWN: readonly (readonly [begin: RegExp, wanted: string])[] = [
  [/^Expected identifier following call/, 'the name of a macro after call'],
  [/^Expected identifier following macro/, 'a name after macro'],
  [/^Expected identifier\/tuple for the loop variable/, 'a name, or names with commas, after for'],
  [/^Expected `in` keyword/, "'in' after the names of the loop"],
  [/^Argument unpacking is not allowed/, 'names of parameters without * or **'],
  [/^Expected closing parenthesis: `\*\*`/, "')' behind the argument with **"],
  [/^Only one `\*`/, 'one argument with *'],
  [/^Expected identifier for parameter/, 'the name of a parameter'],
  [/^Expected identifier for keyword/, "a name before '='"],
  [/^Duplicate parameter name/, 'parameters of different names'],
  [/^Positional arguments must come before/, 'arguments without a name before those with one'],
  [/^Non-default argument follows/, 'parameters without a default before those with one'],
  [/^Positional arguments must not follow/, 'no more arguments without a name behind one with *'],
  [/^Expected at least one argument for member/, "an index between '[' and ']'"],
  [/^Expected 0-3 arguments for slice/, 'at most three numbers in a slice'],
  [/^Expected identifier or integer following dot/, "a name or number after '.'"],
  [/^Expected identifier for the test/, 'the name of a test'],
  [/^Expected identifier for the filter/, "the name of a filter after '|'"],
  [/^Expected (endif|endfor|endmacro|endset|endcall|endfilter)/, 'the end of a statement'],
]

/** The sentence for the parser's fault; `last` is the token it read last, absent at the end of the template. */
export function syntaxFault(error: unknown, last: Token | undefined): string {
  const message = error instanceof Error ? error.message : ''
  const type = /^Parser Error: .* !== (\w+)\.$/s.exec(message)?.[1]
  const known = KNOWN.find(([begin]) => begin.test(message))
  const wanted = type === undefined ? (known?.[1] ?? 'an expression') : (WANTED[type] ?? 'something else')
  return `line ${last?.line ?? 1}: expected ${wanted}, found ${last === undefined ? 'the end' : shown(last)}`
}

/** Characters of a token in a message. */
const TOKEN_SHOWN_MAX = 40

function shown({ type, value }: Token): string {
  const text = value.trim()
  if (type === 'Text') return 'text'
  const cut = text.length > TOKEN_SHOWN_MAX ? `${text.slice(0, TOKEN_SHOWN_MAX)}…` : text
  return type === 'StringLiteral' ? `the string ${JSON.stringify(cut)}` : `'${cut}'`
}
