// The answers of a chat: of every choice's text, what is reasoning, what is said and which tools are called.
import type {
  ChatChoice,
  ChatMessage,
  ChatOptions,
  ChatPiece,
  ChatResult,
  ChoiceResult,
  GenerateResult,
  Piece,
  ToolCall,
} from '../engine/index.ts'
import { AnswerSplitter, answerReading, type Split } from '../tokenizer/answer/answer-splitter.ts'
import { REASONING_TAGS } from '../tokenizer/answer/reasoning.ts'
import { CALL_MARKS } from '../tokenizer/answer/tool-formats.ts'
import { byteStringAt } from '../tokenizer/byte-strings.ts'
import type { PromptedChat } from '../tokenizer/text-messages.ts'
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
  constructor(
    { text, template }: Pick<PromptedChat, 'text' | 'template'>,
    { tools, responseFormat }: Pick<ChatOptions, 'tools' | 'responseFormat'>,
  ) {
    this.#prompt = text
    // A text of a given form is the answer, whatever its strings look like.
    const isFree = (responseFormat?.type ?? 'text') === 'text'
    const reading = answerReading(text, template, tools, randomId)
    this.#newAnswer = () => new Answer(isFree ? new AnswerSplitter(reading) : undefined)
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

type AnswerPart = Pick<ChatPiece, 'text' | 'reasoning' | 'toolCalls'>

/** The growing answer of one choice. */
class Answer {
  content = ''
  reasoning = ''
  readonly toolCalls: ToolCall[] = []
  readonly #splitter: AnswerSplitter | undefined

  constructor(splitter: AnswerSplitter | undefined) {
    this.#splitter = splitter
  }

  push(text: string): AnswerPart {
    return this.#grow(this.#splitter?.push(text) ?? { reasoning: '', content: text, calls: [] })
  }

  /** What was held back. */
  end(): AnswerPart {
    return this.#grow(this.#splitter?.end() ?? { reasoning: '', content: '', calls: [] })
  }

  #grow({ reasoning, content, calls }: Split): AnswerPart {
    this.content += content
    this.reasoning += reasoning
    this.toolCalls.push(...calls)
    return { text: content, reasoning, toolCalls: calls }
  }
}

const ID_LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
/** Mistral's templates want ids of exactly nine letters and digits. */
const ID_LENGTH = 9

function randomId(): string {
  const numbers = crypto.getRandomValues(new Uint32Array(ID_LENGTH))
  return Array.from(numbers, (number) => ID_LETTERS[number % ID_LETTERS.length]).join('')
}
