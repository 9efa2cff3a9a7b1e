// What a format of tool calls is; `list.ts` has all of them.
import type { CallText, Reading } from '../call-text.ts'
import type { OfferedTools } from '../offered-tools.ts'

export interface ToolFormat {
  readonly name: string
  /** A chat template that has one of these texts makes the model write this format; always read without any. */
  readonly signs: readonly string[]
  /** Marks that calls begin with. */
  readonly opens: readonly string[]
  /** Further marks, which may be control tokens, too: they are no part of an answer otherwise. */
  readonly marks?: readonly string[]
  /** What comes next where several formats begin with the same mark; of those that take it, the first one is meant. */
  readonly first?: RegExp
  /** First characters of an answer that may be a call without a mark. */
  readonly bare?: RegExp
  /** Calls count where the model is still thinking, and goes on with it. Else only where thinking never ends. */
  readonly isInThinking?: boolean
  /** All of an answer is written in it, so that it is read where the template has a sign only, and without tools, too. */
  readonly isLayout?: boolean
  /** What follows `mark`, of a bare answer all. Throws `NoCall` at what cannot be one: that is text again. */
  readonly read: (text: CallText, tools: OfferedTools, mark: string) => Reading
}
