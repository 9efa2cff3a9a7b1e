// What a user passes in and gets back in a chat, in OpenAI's shape where it has one. Types only; index.ts re-exports all
// of it.
import type { ChoiceResult, GenerateOptions, GenerateResult, Piece } from './generation.ts'

/** One message. Templates may read further fields. */
export interface ChatMessage {
  /** `system`, `user`, `assistant`, `tool`, or what else the model's template knows. */
  readonly role: string
  readonly content?: string | readonly ChatContentPart[] | null
  /** What an assistant thought before its answer. */
  readonly reasoning_content?: string
  readonly tool_calls?: readonly ToolCall[]
  /** Which call a message of role `tool` answers. */
  readonly tool_call_id?: string
  readonly name?: string
  readonly [field: string]: unknown
}

export interface ChatContentPart {
  readonly type: string
  readonly text?: string
  readonly [field: string]: unknown
}

export interface ToolCall {
  readonly id: string
  readonly type: 'function'
  readonly function: {
    readonly name: string
    /** JSON, as the model wrote it: check it before use. */
    readonly arguments: string
  }
}

export interface ChatTool {
  readonly type: 'function'
  readonly function: {
    readonly name: string
    readonly description?: string
    /** JSON Schema. */
    readonly parameters?: object
  }
}

/** With a `responseFormat` other than `text` the whole text is the answer: no reasoning and no calls are written or read. */
export interface ChatOptions extends GenerateOptions {
  /** Offered to the model; without them nothing is read as a call. Refused where the template reads none. */
  readonly tools?: readonly ChatTool[]
  /** Where the template reads no tools, tell the model in the system turn what there is and how to call it. Default false. */
  readonly toolsInPrompt?: boolean
  /**
   * Read control tokens in messages and tools as such. Default false: `<|im_end|>` in a message is text, the template's own
   * marks are tokens.
   */
  readonly parseSpecial?: boolean
  /** A Jinja template in place of the model's own, or the name of one of several that the file has. */
  readonly chatTemplate?: string
  /** More variables for the template, e.g. `enable_thinking`. */
  readonly templateVariables?: Readonly<Record<string, unknown>>
  /** What the template's clock shows. Default: now. */
  readonly now?: Date
}

/** One generated token of a chat: `text` is the answer's alone. */
export interface ChatPiece extends Piece {
  readonly reasoning: string
  /** Calls that became complete with this token. */
  readonly toolCalls: readonly ToolCall[]
}

export interface ChatChoice extends ChoiceResult {
  /** The answer; `text` of a choice is all that was generated. */
  readonly content: string
  readonly reasoning: string
  readonly toolCalls: readonly ToolCall[]
  /** The answer as a message, to go on with. */
  readonly message: ChatMessage
}

export interface ChatResult extends Omit<GenerateResult, 'choices'> {
  readonly choices: readonly ChatChoice[]
  /** What the template made of the messages. */
  readonly prompt: string
}

/** As `Generation`. */
export interface ChatGeneration extends AsyncIterable<ChatPiece> {
  readonly result: Promise<ChatResult>
}
