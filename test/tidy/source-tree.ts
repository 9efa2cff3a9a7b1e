// The project's own sources as syntax trees, for the house rules.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path/posix'
import ts from 'typescript'
import { repositoryPath } from '../shared.ts'

export interface Import {
  /** `node:fs`, `piscina`, or a path from the repository's root. */
  readonly target: string
  readonly isTypeOnly: boolean
}

export interface SourceFile {
  /** From the repository's root. */
  readonly path: string
  readonly text: string
  readonly tree: ts.SourceFile
  readonly imports: readonly Import[]
  /** Names that the code itself uses, properties as `object.property`: no comments, no texts. */
  readonly names: ReadonlySet<string>
}

export function readSourceTree(): SourceFile[] {
  const folders = ['api', 'engine', 'tokenizer', 'cli', 'bench', 'kernels-as', 'test']
  return [...sourcesIn('.'), ...folders.flatMap(sourcesBelow)].sort().map((path) => {
    const text = readFileSync(repositoryPath(path), 'utf8')
    const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
    return { path, text, tree, imports: importsOf(path, tree), names: namesOf(tree) }
  })
}

function sourcesIn(folder: string): string[] {
  const names = readdirSync(repositoryPath(folder)).filter((name) => /(?<!\.d)\.ts$/.test(name))
  return names.map((name) => join(folder, name))
}

function sourcesBelow(folder: string): string[] {
  const entries = readdirSync(repositoryPath(folder), { withFileTypes: true })
  const folders = entries.filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
  return [...sourcesIn(folder), ...folders.flatMap(({ name }) => sourcesBelow(join(folder, name)))]
}

/** Static and dynamic imports and re-exports. */
function importsOf(path: string, tree: ts.SourceFile): Import[] {
  const found: Import[] = []
  const add = (specifier: ts.Node | undefined, isTypeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return
    const { text } = specifier
    found.push({ target: text.startsWith('.') ? join(dirname(path), text) : text, isTypeOnly })
  }
  visit(tree, (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, onlyTypes(node.importClause))
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly)
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false)
  })
  return found
}

function onlyTypes(clause: ts.ImportClause | undefined): boolean {
  return clause?.phaseModifier === ts.SyntaxKind.TypeKeyword
}

function namesOf(tree: ts.SourceFile): Set<string> {
  const names = new Set<string>()
  visit(tree, (node) => {
    if (!ts.isIdentifier(node)) return
    const { parent } = node
    const isProperty = ts.isPropertyAccessExpression(parent) && parent.name === node
    names.add(isProperty ? `${parent.expression.getText(tree)}.${node.text}` : node.text)
  })
  return names
}

/** Calls `see` for every node below and including `node`. */
function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node)
  node.forEachChild((child) => visit(child, see))
}

export interface FunctionFacts {
  readonly name: string
  readonly lines: number
  readonly parameters: number
}

/** Every function with a body. */
export function functionsOf({ tree }: SourceFile): FunctionFacts[] {
  const found: FunctionFacts[] = []
  visit(tree, (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return
    const first = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line
    const last = tree.getLineAndCharacterOfPosition(node.end).line
    const name = ts.isConstructorDeclaration(node) ? 'constructor' : (node.name?.getText(tree) ?? 'anonymous')
    found.push({ name, lines: last - first + 1, parameters: node.parameters.length })
  })
  return found
}

/** Names of the values that a file exports, but for its default. */
export function exportedValuesOf({ tree }: SourceFile): string[] {
  return tree.statements.flatMap((statement) => {
    if (!ts.canHaveModifiers(statement)) return []
    const kinds = (ts.getModifiers(statement) ?? []).map(({ kind }) => kind)
    if (!kinds.includes(ts.SyntaxKind.ExportKeyword) || kinds.includes(ts.SyntaxKind.DefaultKeyword)) return []
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.map(({ name }) => name.getText(tree))
    const isValue = ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)
    return isValue && statement.name ? [statement.name.text] : []
  })
}

/** Members, but constructors, that are private by TypeScript's word alone. */
export function privateMembersOf({ tree }: SourceFile): string[] {
  const found: string[] = []
  visit(tree, (node) => {
    if (!ts.isClassElement(node) || ts.isConstructorDeclaration(node) || !ts.canHaveModifiers(node)) return
    if (ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword))
      found.push(node.name?.getText(tree) ?? '')
  })
  return found
}

/** Lines of comments that are no documentation, without slashes and stars, with their line numbers from 1. */
export function commentLinesOf({ text, tree }: SourceFile): { line: number; text: string }[] {
  const ranges = new Map<number, ts.CommentRange>()
  const add = (found: readonly ts.CommentRange[] | undefined): void => {
    for (const range of found ?? []) if (!text.startsWith('/**', range.pos)) ranges.set(range.pos, range)
  }
  visit(tree, (node) => {
    add(ts.getLeadingCommentRanges(text, node.pos))
    add(ts.getTrailingCommentRanges(text, node.end))
  })
  return [...ranges.values()].flatMap(({ pos, end }) => {
    const first = tree.getLineAndCharacterOfPosition(pos).line + 1
    const lines = text.slice(pos, end).split('\n')
    return lines.map((line, i) => ({
      line: first + i,
      text: line.replace(/^\s*(\/\/|\/\*|\*)?\s?/, '').replace(/\s*\*\/$/, ''),
    }))
  })
}
