// The answers of a chat: of every choice's text, what is reasoning, what is said and which tools are called.
import type {
  ChatChoice,
  ChatMessage,
  ChatOptions,
  ChatPiece,
  ChatResult,
  ChatTool,
  ChoiceResult,
  GenerateResult,
  Piece,
  ToolCall,
} from '../engine/index.ts'
import { openReasoning, REASONING_TAGS, ReasoningSplitter } from '../tokenizer/answer/reasoning.ts'
import { ToolCallSplitter } from '../tokenizer/answer/tool-call-splitter.ts'
import { CALL_MARKS, type KnownTool } from '../tokenizer/answer/tool-calls.ts'
import { byteStringAt } from '../tokenizer/byte-strings.ts'
import type { TokenTable } from '../tokenizer/vocabulary.ts'
import type { PieceView } from './generation.ts'

/** Control tokens that say what is reasoning and what is a call, with their texts: others are left out of an answer. */
export function answerMarks({ controls }: TokenTable): ReadonlyMap<number, string> {
  const marks = new Set([...CALL_MARKS, ...REASONING_TAGS.flatMap(({ open, close }) => [open, close])])
  const utf8 = new TextDecoder()
  const texts = Array.from(controls.ids, (id, i) => [id, utf8.decode(byteStringAt(controls.texts, i))] as const)
  return new Map(texts.filter(([, text]) => marks.has(text)))
}

export class ChatAnswers implements PieceView<ChatPiece, ChatResult> {
  readonly #prompt: string
  readonly #newAnswer: () => Answer
  readonly #answers: Answer[] = []

  /** `prompt`: what the template made of the messages. */
  constructor(prompt: string, { tools, responseFormat }: Pick<ChatOptions, 'tools' | 'responseFormat'>) {
    this.#prompt = prompt
    // A text of a given form is the answer, whatever its strings look like.
    const isFree = (responseFormat?.type ?? 'text') === 'text'
    const inside = openReasoning(prompt)
    const reading = tools && { tools: tools.map(knownTool), newId: randomId }
    this.#newAnswer = () =>
      isFree ? new Answer(new ReasoningSplitter(inside), reading && new ToolCallSplitter(reading)) : new Answer()
  }

  show({ choice, token, text }: Piece): ChatPiece {
    return { choice, token, ...this.#answer(choice).push(text) }
  }

  end(result: GenerateResult, push: (piece: ChatPiece) => void): ChatResult {
    const choices = result.choices.map((generated, choice): ChatChoice => {
      const answer = this.#answer(choice)
      const rest = answer.end()
      const token = generated.ids.at(-1)
      const hasRest = rest.text !== '' || rest.reasoning !== '' || rest.toolCalls.length > 0
      if (hasRest && token !== undefined) push({ choice, token, ...rest })
      return choiceOf(generated, answer)
    })
    return { ...result, choices, prompt: this.#prompt }
  }

  #answer(choice: number): Answer {
    this.#answers[choice] ??= this.#newAnswer()
    return this.#answers[choice]
  }
}

function choiceOf(generated: ChoiceResult, { content, reasoning, toolCalls }: Answer): ChatChoice {
  const message: ChatMessage = {
    role: 'assistant',
    content,
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
  }
  return { ...generated, content, reasoning, toolCalls, message }
}

type Part = Pick<ChatPiece, 'text' | 'reasoning' | 'toolCalls'>

/** The growing answer of one choice. */
class Answer {
  content = ''
  reasoning = ''
  readonly toolCalls: ToolCall[] = []
  readonly #reasoning: ReasoningSplitter | undefined
  readonly #calls: ToolCallSplitter | undefined

  constructor(reasoning?: ReasoningSplitter, calls?: ToolCallSplitter) {
    this.#reasoning = reasoning
    this.#calls = calls
  }

  push(text: string): Part {
    const { reasoning, answer } = this.#reasoning?.push(text) ?? { reasoning: '', answer: text }
    const { text: said, calls } = this.#calls?.push(answer) ?? { text: answer, calls: [] }
    return this.#grow({ text: said, reasoning, toolCalls: calls })
  }

  /** What was held back. */
  end(): Part {
    const { reasoning, answer } = this.#reasoning?.end() ?? { reasoning: '', answer: '' }
    const last = this.#calls?.push(answer) ?? { text: answer, calls: [] }
    const rest = this.#calls?.end() ?? { text: '', calls: [] }
    return this.#grow({ text: last.text + rest.text, reasoning, toolCalls: [...last.calls, ...rest.calls] })
  }

  #grow(part: Part): Part {
    this.content += part.text
    this.reasoning += part.reasoning
    this.toolCalls.push(...part.toolCalls)
    return part
  }
}

function knownTool({ function: { name, parameters } }: ChatTool): KnownTool {
  const properties = (parameters as { readonly properties?: unknown } | undefined)?.properties ?? {}
  const types = Object.entries(properties as Record<string, { readonly type?: unknown } | null>)
  return { name, parameterTypes: new Map(types.map(([key, schema]) => [key, String(schema?.type)])) }
}

const ID_LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
/** Mistral's templates want ids of exactly nine letters and digits. */
const ID_LENGTH = 9

function randomId(): string {
  const numbers = crypto.getRandomValues(new Uint32Array(ID_LENGTH))
  return Array.from(numbers, (number) => ID_LETTERS[number % ID_LETTERS.length]).join('')
}
