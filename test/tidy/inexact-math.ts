// Finds arithmetic whose last bit the language leaves to the engine. Pure.
import ts from 'typescript'

/** Constants, and functions that every engine computes to the last bit: the square root is the processor's. */
const EXACT = new Set(
  'abs ceil clz32 floor fround imul max min random round sign sqrt trunc E LN10 LN2 LOG10E LOG2E PI SQRT1_2 SQRT2'.split(
    ' ',
  ),
)

/** Uses of Math beyond what is exact, in whatever way it is reached, and powers but those of two by a whole literal. */
export function inexactMath(tree: ts.SourceFile): string[] {
  const found: string[] = []
  const see = (node: ts.Node): void => {
    if (isMath(node) && !isExactMember(node.parent)) found.push(node.parent.getText(tree))
    if (isPower(node) && !isPowerOfTwo(node)) found.push(node.getText(tree))
    node.forEachChild(see)
  }
  see(tree)
  return found
}

const isMath = (node: ts.Node): boolean => ts.isIdentifier(node) && node.text === 'Math'

const isExactMember = (node: ts.Node): boolean => ts.isPropertyAccessExpression(node) && EXACT.has(node.name.text)

const isPower = (node: ts.Node): node is ts.BinaryExpression =>
  ts.isBinaryExpression(node) &&
  [ts.SyntaxKind.AsteriskAsteriskToken, ts.SyntaxKind.AsteriskAsteriskEqualsToken].includes(node.operatorToken.kind)

function isPowerOfTwo({ left, right }: ts.BinaryExpression): boolean {
  const exponent = ts.isPrefixUnaryExpression(right) ? right.operand : right
  return ts.isNumericLiteral(left) && left.text === '2' && ts.isNumericLiteral(exponent) && /^\d+$/.test(exponent.text)
}
