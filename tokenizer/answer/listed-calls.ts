// Calls in a list or one after another, as JSON or as Python writes them: what most formats have between their marks.
// Pure.
import { type CallText, NoCall, type Reading } from './call-text.ts'
import { readJsonCall } from './json-calls.ts'
import type { OfferedTools } from './offered-tools.ts'
import { readPythonCall } from './python-calls.ts'

/** Between two calls. */
const SEPARATORS = [',', ';']

/** One call at least, with commas, semicolons or nothing between them, and one of the marks that end them. */
export function* readCalls(
  text: CallText,
  tools: OfferedTools,
  closes: readonly string[],
  kind: 'marked' | 'plain' = 'marked',
): Reading {
  yield* text.space()
  const isList = yield* text.take('[')
  yield* text.space()
  const isJson = (yield* text.peek()) === '{'
  const read = isJson ? readJsonCall : readPythonCall
  const first = isJson ? /\{/ : /[a-zA-Z_]/
  do {
    yield* text.space()
    yield yield* read(text, tools, kind)
    yield* text.space()
  } while ((yield* text.takeOneOf(SEPARATORS)) !== undefined || first.test(yield* text.peek()))
  if (isList && !(yield* text.take(']'))) throw new NoCall()
  yield* text.space()
  yield* text.takeOneOf(closes)
}
