// The prompt on standard input.
import { TsinferError } from '../../engine/errors.ts'
import { note } from './output.ts'
import { readStreamText } from './text-input.ts'

/** What the embedded model begins with when nobody says anything. */
const STORY_BEGINNING = 'Once upon a time'

/** The text on standard input. `mayBegin`: a story may begin by itself where there is none. */
export async function readPrompt(mayBegin: boolean, isJson: boolean, signal: AbortSignal): Promise<string> {
  const piped = process.stdin.isTTY ? '' : await readStandardInput(signal)
  if (piped !== '') return piped.replace(/\r?\n$/, '')
  if (!mayBegin) {
    throw new TsinferError('prompt_invalid', 'prompt: expected PROMPT, -p TEXT or text on standard input, found none')
  }
  // The story would otherwise begin in the middle of a sentence.
  if (process.stdout.isTTY && !isJson) note(STORY_BEGINNING)
  return STORY_BEGINNING
}

async function readStandardInput(signal: AbortSignal): Promise<string> {
  const stopped = () => new TsinferError('aborted', 'standard input: reading was stopped')
  // It may have come while modules were loaded. A stream that nobody reads yet has nobody to take its error.
  if (signal.aborted) throw stopped()
  const stop = (): void => {
    process.stdin.destroy(stopped())
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await readStreamText(process.stdin, 'standard input', 'prompt_invalid')
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
