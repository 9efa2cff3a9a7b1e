// One generation as the user sees it: events of the engine become pieces of text as they come, the last one the result.
// There is one queue between the engine and the user, and what the user gets is what lies in it.
import {
  compileStopStrings,
  type EngineEvent,
  type GenerateRequest,
  type GenerateResult,
  type ModelInfo,
  type Piece,
  type RequestSink,
  RequestStream,
} from '../engine/index.ts'
import type { TokenTable } from '../tokenizer/vocabulary.ts'
import { ChoiceText } from './choice-text.ts'
import { statistics } from './statistics.ts'

/** How the user gets the pieces of a generation, and its result. */
export interface PieceView<Shown, Result> {
  show(piece: Piece): Shown
  /** The result; `push` takes what was held back. */
  end(result: GenerateResult, push: (piece: Shown) => void): Result
}

/** As they are. */
export const PLAIN_VIEW: PieceView<Piece, GenerateResult> = { show: (piece) => piece, end: (result) => result }

/** A generation that is ready to be sent to the engine. */
export interface PreparedGeneration<Shown, Result> {
  readonly request: Pick<GenerateRequest, 'choices' | 'stopStrings' | 'parameters'>
  readonly promptIds: readonly number[]
  /** Milliseconds since the epoch. */
  readonly calledMs: number
  readonly info: ModelInfo
  /** Absent for a model without a vocabulary: all texts are empty. */
  readonly table: TokenTable | undefined
  /** Control tokens that are not left out of the text, with what they print. */
  readonly shown: ReadonlyMap<number, string>
  readonly view: PieceView<Shown, Result>
  send(sink: RequestSink<EngineEvent>): void
  /** Called when it is over, however it ends. */
  readonly onEnd: () => void
}

/** What the user holds. */
interface Followed<Shown, Result> extends AsyncIterable<Shown> {
  readonly result: Promise<Result>
}

/**
 * Sends a generation when it is prepared and follows it, whether or not anybody iterates. `abandon` stops it: a reader has
 * left, or an event could not be used.
 */
export function followGeneration<Shown, Result>(
  prepared: Promise<PreparedGeneration<Shown, Result>>,
  abandon: () => void,
): Followed<Shown, Result> {
  const pieces = new RequestStream<Shown>(abandon)
  const result = prepared.then((generation) =>
    new Promise<Result>((resolve, fail) => {
      const take = reader(generation, pieces, resolve)
      generation.send({
        push(event) {
          try {
            take(event)
          } catch (error) {
            fail(error)
            abandon()
          }
        },
        finish: () => fail(new Error('tsinfer bug: a request ended without figures')),
        fail,
      })
    }).finally(generation.onEnd),
  )
  result.then(
    () => pieces.finish(),
    (error) => pieces.fail(error),
  )
  return { result, [Symbol.asyncIterator]: () => pieces }
}

/** What takes the events of a generation, one after the other. */
function reader<Shown, Result>(
  generation: PreparedGeneration<Shown, Result>,
  pieces: RequestStream<Shown>,
  resolve: (result: Result) => void,
): (event: EngineEvent) => void {
  const { request, promptIds, calledMs, info, table, shown, view } = generation
  const { stopStrings, parameters } = request
  const automaton = stopStrings.length > 0 ? compileStopStrings(stopStrings) : undefined
  const choices = Array.from({ length: request.choices }, () => new ChoiceText({ table, automaton, shown }))
  return (event) => {
    if (event.kind === 'token') {
      const { choice, token } = event
      pieces.push(view.show({ choice, token, text: choices[choice]!.add(token) }))
    } else if (event.kind === 'finish') {
      const { choice, reason } = event
      const ended = choices[choice]!
      const rest = ended.end()
      ended.finishReason = reason === 'stop' ? 'stop' : 'length'
      const token = ended.ids.at(-1)
      if (rest !== '' && token !== undefined) pieces.push(view.show({ choice, token, text: rest }))
    } else if (event.kind === 'done') {
      const result = {
        promptIds,
        choices: choices.map(({ ids, text, finishReason }) => ({ ids, text, finishReason })),
        seed: parameters.seed,
        stats: statistics({ calledMs, promptIds, choices: choices.length, info }, event.figures),
      }
      resolve(view.end(result, (piece) => pieces.push(piece)))
    }
  }
}
