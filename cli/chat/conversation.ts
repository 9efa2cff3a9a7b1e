// A conversation in JSON files, as the variables that a chat template sees. Read so that nothing Python would keep gets
// lost: 1.0 stays 1.0, long integers stay exact, keys keep their order.
import { TsinferError } from '../../engine/errors.ts'
import { readJson, TemplateFault, type TemplateValue } from '../../tokenizer/index.ts'
import { readTextFile } from '../shell/text-input.ts'

export type Variables = Map<string, TemplateValue>

/**
 * `messagesPath` holds an array of messages, or an object with `messages` and whatever else the template reads.
 * Rejects with `prompt_invalid` for anything else.
 */
export async function readConversation(messagesPath: string, toolsPath: string | undefined): Promise<Variables> {
  const value = await readJsonFile(messagesPath)
  const variables: Variables = new Map([['add_generation_prompt', true]])
  if (value instanceof Map) for (const [name, inner] of value) variables.set(String(name), inner)
  else variables.set('messages', value)
  checkMessages(messagesPath, variables.get('messages'))
  if (toolsPath !== undefined) variables.set('tools', await readTools(toolsPath))
  return variables
}

export async function readTools(path: string): Promise<TemplateValue[]> {
  const tools = await readJsonFile(path)
  if (!Array.isArray(tools)) throw wrong(path, 'an array of tools', tools)
  return tools
}

/** What JSON stands for as JavaScript has it. */
export function plainValue(value: TemplateValue): unknown {
  if (Array.isArray(value)) return value.map(plainValue)
  if (value instanceof Map) return Object.fromEntries(Array.from(value, ([key, inner]) => [key, plainValue(inner)]))
  return typeof value === 'bigint' ? Number(value) : value
}

/** The variables in the text of a JSON object. */
export function readVariables(source: string, text: string): Variables {
  const value = parsed(source, text)
  if (!(value instanceof Map)) throw wrong(source, 'an object', value)
  return new Map(Array.from(value, ([name, inner]) => [String(name), inner]))
}

function checkMessages(path: string, messages: TemplateValue | undefined): void {
  if (!Array.isArray(messages)) throw wrong(path, 'an array of messages, or an object with one as messages', messages)
  messages.forEach((message, i) => {
    const role = message instanceof Map ? message.get('role') : undefined
    if (typeof role !== 'string') throw wrong(`${path}: message ${i}`, 'an object with a role', message)
  })
}

const readJsonFile = async (path: string): Promise<TemplateValue> => parsed(path, await readTextFile(path))

function parsed(source: string, text: string): TemplateValue {
  try {
    return readJson(text)
  } catch (error) {
    if (!(error instanceof TemplateFault)) throw error
    throw new TsinferError('prompt_invalid', `${source}: ${error.message}`, { cause: error })
  }
}

function wrong(source: string, wanted: string, found: TemplateValue | undefined): TsinferError {
  const what =
    found === undefined || found === null
      ? 'none'
      : Array.isArray(found)
        ? 'an array'
        : found instanceof Map
          ? 'another object'
          : `a ${typeof found === 'bigint' ? 'number' : typeof found}`
  return new TsinferError('prompt_invalid', `${source}: expected ${wanted}, found ${what}`)
}
