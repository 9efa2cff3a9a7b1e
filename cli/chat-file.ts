// Conversations in files: JSON with the messages, written so that a crash leaves the old file or the new one.
import { open, rename, rm } from 'node:fs/promises'
import { TsinferError } from '../engine/errors.ts'
import type { ChatMessage } from '../index.ts'
import { readTextFile } from './text-input.ts'

const FORMAT = 'tsinfer-chat'
const VERSION = 1

/** Rejects with `file_unreadable` where the file cannot be written. */
export async function saveChat(path: string, model: string, messages: readonly ChatMessage[]): Promise<void> {
  const text = `${JSON.stringify({ format: FORMAT, version: VERSION, model, messages }, null, 2)}\n`
  const beside = `${path}.${process.pid}.tmp`
  try {
    const file = await open(beside, 'w')
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(beside, path)
  } catch (cause) {
    await rm(beside, { force: true })
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause)
    throw new TsinferError('file_unreadable', `${path}: expected a file that can be written, found ${why}`, { cause })
  }
}

/** Rejects with `file_unreadable` or `prompt_invalid` where the file holds no conversation. */
export async function loadChat(path: string): Promise<ChatMessage[]> {
  const text = await readTextFile(path)
  const wrong = (found: string) =>
    new TsinferError('prompt_invalid', `${path}: expected a conversation that /save wrote, found ${found}`)
  let saved: unknown
  try {
    saved = JSON.parse(text)
  } catch {
    throw wrong('no JSON')
  }
  const { format, version, messages } = (saved ?? {}) as { format?: unknown; version?: unknown; messages?: unknown }
  if (format !== FORMAT || version !== VERSION) throw wrong(`format ${JSON.stringify(format ?? null)}`)
  if (!Array.isArray(messages)) throw wrong('no messages')
  const odd = messages.findIndex((message) => typeof message?.role !== 'string' || typeof message?.content !== 'string')
  if (odd >= 0) throw wrong(`message ${odd} without role or content`)
  return messages
}
