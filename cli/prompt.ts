// Where a prompt comes from: -p, --ids, or standard input.
import { TsinferError } from '../engine/errors.ts'
import { note } from './output.ts'

/** What the embedded model begins with when nobody says anything. */
const STORY_BEGINNING = 'Once upon a time'

export interface PromptValues {
  readonly prompt?: string
  readonly ids?: readonly number[]
  readonly json?: boolean
}

/** The text or the ids to go on from. `isEmbedded`: no model was named, a story may begin by itself. */
export async function readPrompt(
  { prompt, ids, json }: PromptValues,
  isEmbedded: boolean,
  signal: AbortSignal,
): Promise<string | readonly number[]> {
  if (prompt !== undefined && ids !== undefined) {
    throw new TsinferError('option_invalid', 'prompt: expected -p or --ids, found both')
  }
  if (prompt === '') {
    throw new TsinferError('prompt_invalid', 'prompt: expected some text, found none (--ids begins with any token)')
  }
  const given = prompt ?? ids
  if (given !== undefined) return given
  const piped = process.stdin.isTTY ? '' : await readStandardInput(signal)
  if (piped !== '') return piped.replace(/\r?\n$/, '')
  if (!isEmbedded)
    throw new TsinferError('prompt_invalid', 'prompt: expected -p TEXT or text on standard input, found none')
  // The story would otherwise begin in the middle of a sentence.
  if (process.stdout.isTTY && !json) note(STORY_BEGINNING)
  return STORY_BEGINNING
}

async function readStandardInput(signal: AbortSignal): Promise<string> {
  let text = ''
  const stop = (): void => {
    process.stdin.destroy(new TsinferError('aborted', 'standard input: reading was stopped'))
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    process.stdin.setEncoding('utf8')
    for await (const chunk of process.stdin) text += chunk
  } finally {
    signal.removeEventListener('abort', stop)
  }
  return text
}
