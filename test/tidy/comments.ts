// Tells code that was commented out from sentences about code. Pure.
import ts from 'typescript'

/** How a line of code begins that is no sentence; all need a sign that sentences do not have. */
const CODE_LINE =
  /^((export |async |public |private )*(const|let|var|function|class|interface|type) [\w$]+.*[={(]|import .* from |import ['"{*]|(if|for|while|switch) \(.*[{;)]$|return( .*)?;$|(await |throw new )[\w$.]+\(|[\w$.#[\]!]+ [-+*/|&]?= .*;$|(this|console|process)\.[\w$.#]+( [-+*/|&]?= |\()|\}( else.*)?[;,]?$|[\w$.#]+\(.*\);$|[\w$#]+\.[\w$.#]+\(.*\)$)/

/** First lines of comments that hold code. `lines`: the comment lines of a file, in order. */
export function commentedOutCode(lines: readonly { readonly line: number; readonly text: string }[]): number[] {
  return lines.filter(({ text }) => CODE_LINE.test(text.trim()) && isCode(text.trim())).map(({ line }) => line)
}

/** Whether a line is code by its grammar; a block may be open at its end. */
function isCode(line: string): boolean {
  if (line.startsWith('}')) return true
  const closed = line.endsWith('{') ? `${line}}` : line
  const { diagnostics = [] } = ts.transpileModule(closed, {
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.Latest },
  })
  return diagnostics.length === 0
}
