// What the files of a source tree declare for all of themselves, and which of it is declared twice. Pure.
import ts from 'typescript'
import type { SourceFile } from './source-tree.ts'

interface Declaration {
  readonly path: string
  readonly name: string
  readonly isType: boolean
  readonly isExported: boolean
  /** Of a constant that is a number or a text. */
  readonly value: number | string | undefined
}

type DeclaringFile = Pick<SourceFile, 'path' | 'tree'>

function declarationsOf({ path, tree }: DeclaringFile): Declaration[] {
  return tree.statements.flatMap((statement) => {
    const isExported = (ts.canHaveModifiers(statement) && ts.getModifiers(statement)?.some(isExportWord)) || false
    const declared = (name: string, isType: boolean, value?: number | string) => ({
      ...{ path, name, isType, isExported, value },
    })
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map(({ name, initializer }) =>
        declared(name.getText(tree), false, initializer && literalValue(initializer)),
      )
    }
    if (ts.isFunctionDeclaration(statement) && statement.name) return [declared(statement.name.text, false)]
    const isType = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)
    if ((isType || ts.isClassDeclaration(statement)) && statement.name) return [declared(statement.name.text, true)]
    return []
  })
}

const isExportWord = ({ kind }: ts.ModifierLike): boolean => kind === ts.SyntaxKind.ExportKeyword

/** What an expression of literals comes to; undefined for any other. */
function literalValue(node: ts.Node): number | string | undefined {
  if (ts.isAsExpression(node) || ts.isParenthesizedExpression(node)) return literalValue(node.expression)
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text
  if (ts.isNumericLiteral(node)) return Number(node.text)
  if (!ts.isBinaryExpression(node)) return undefined
  const [left, right] = [literalValue(node.left), literalValue(node.right)]
  if (typeof left !== 'number' || typeof right !== 'number') return undefined
  switch (node.operatorToken.kind) {
    case ts.SyntaxKind.LessThanLessThanToken:
      return left << right
    case ts.SyntaxKind.AsteriskAsteriskToken:
      return left ** right
    case ts.SyntaxKind.AsteriskToken:
      return left * right
    case ts.SyntaxKind.MinusToken:
      return left - right
    default:
      return undefined
  }
}

/**
 * Names that stand for two things: exported by two files, or of a type (a class is one) and of another anywhere, or of
 * constants that are numbers. Texts may be named by what they are in their file, as the marks of a format are.
 */
export function namesUsedTwice(files: readonly DeclaringFile[]): string[] {
  const all = files.flatMap(declarationsOf)
  return [
    ...shared(
      all.filter(({ isExported }) => isExported),
      ({ name }) => name,
    ),
    ...shared(
      all.filter(({ isType }) => isType),
      ({ name }) => name,
    ),
    ...shared(
      all.filter((one) => isConstant(one) && typeof one.value === 'number'),
      ({ name }) => name,
    ),
  ].map(({ key }) => key)
}

const isConstant = ({ name, value }: Declaration): boolean => value !== undefined && /^[A-Z][A-Z0-9_]*$/.test(name)

/** Constants of several files that have one value and one unit, the last word of a name, as `1000 MS: A_MS B_MS`. */
export function constantsStatedTwice(files: readonly DeclaringFile[]): string[] {
  const constants = files.flatMap(declarationsOf).filter(isConstant)
  const telling = constants.filter(({ value }) => typeof value === 'string' || value! >= 100)
  return shared(telling, ({ name, value }) => (typeof value === 'string' ? value : `${value} ${unitOf(name)}`)).map(
    ({ key, of }) => `${key}: ${of.map(({ name }) => name).join(' ')}`,
  )
}

const unitOf = (name: string): string =>
  name
    .split('_')
    .filter((word) => !['MAX', 'MIN', 'LEAST'].includes(word))
    .at(-1) ?? name

/** Numbers that nobody writes by chance, and sentences and patterns, that several files spell out. */
export function literalsSpelledTwice(files: readonly DeclaringFile[]): string[] {
  const found: { path: string; text: string }[] = []
  const collect = (path: string, node: ts.Node): void => {
    if (ts.isNumericLiteral(node) && isUncommon(Number(node.text))) found.push({ path, text: node.text })
    if (ts.isStringLiteral(node) && node.text.length >= 16 && /[\s\\]/.test(node.text)) {
      found.push({ path, text: node.text })
    }
    node.forEachChild((child) => collect(path, child))
  }
  for (const { path, tree } of files) collect(path, tree)
  return shared(found, ({ text }) => text).map(({ key }) => key)
}

/** Four digits or more, not round in ten or two, nor the largest of so many bits. */
const isUncommon = (value: number): boolean =>
  Number.isInteger(value) && value >= 1000 && value % 100 !== 0 && !isRound(value) && !isRound(value + 1)

const isRound = (value: number): boolean => Number.isInteger(Math.log2(value))

/** What several files have under one key. */
function shared<Item extends { readonly path: string }>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
): { readonly key: string; readonly of: Item[] }[] {
  const byKey = new Map<string, Item[]>()
  for (const item of items) byKey.set(keyOf(item), [...(byKey.get(keyOf(item)) ?? []), item])
  return Array.from(byKey, ([key, of]) => ({ key, of })).filter(
    ({ of }) => new Set(of.map(({ path }) => path)).size > 1,
  )
}
