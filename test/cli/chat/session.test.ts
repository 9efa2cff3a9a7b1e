// A chat with a real model over made-up streams: each turn evaluates what is new, also after /save and /load.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ChatSession } from '../../../cli/chat/session.ts'
import { type ChatResult, loadModel, type TsinferError } from '../../../index.ts'
import { repositoryPath } from '../../shared.ts'

const MODEL = repositoryPath('cli/models/stories260K.gguf')
const DRAFT = repositoryPath('cli/models/stories75K-draft.gguf')
/** stories260K has no template of its own. */
const OPTIONS = {
  chatTemplate: '{{ bos_token }}{% for m in messages %}{{ m.content }}\n{% endfor %}',
  temperature: 0,
  maxTokens: 12,
}

const folder = mkdtempSync(join(tmpdir(), 'tsinfer-chat-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))

const SILENT = { reasoning: () => {}, text: () => {} }

async function ask(chat: ChatSession, question: string): Promise<ChatResult> {
  const result = await chat.ask(question, SILENT, new AbortController().signal)
  assert.not.type(result, 'string')
  return result as ChatResult
}

test('a loaded chat goes on where it was saved, with another plan and a draft model; a refused one as it was', async () => {
  const path = join(folder, 'chat.session')
  await using model = await loadModel(MODEL, { context: 400, stages: 2 })
  const chat = new ChatSession(model, OPTIONS, 'Once upon a time')
  await ask(chat, 'there was a girl.')
  const second = await ask(chat, 'She had a dog.')
  await chat.save(path)
  const third = await ask(chat, 'The dog was big.')
  assert.is(third.stats.reusedTokens, second.promptIds.length + second.choices[0]!.ids.length - 1)

  await using other = await loadModel(MODEL, { context: 300, stages: 3, lanes: 2, draftModel: DRAFT })
  for (const more of [{}, { speculation: 'pipe' }] as const) {
    const loaded = new ChatSession(other, { ...OPTIONS, ...more }, undefined)
    await ask(loaded, 'Tom was sad.')
    const damaged = join(folder, 'damaged')
    const bytes = readFileSync(path)
    bytes[bytes.length - 4000]! ^= 16
    writeFileSync(damaged, bytes)
    const before = loaded.messages
    const refused = await loaded.load(damaged).catch((error: TsinferError) => error)
    assert.match((refused as TsinferError).message, /damaged: expected contents as it was saved/)
    assert.equal(loaded.messages, before)
    const again = await ask(loaded, 'Why?')
    assert.ok(again.stats.reusedTokens > again.promptIds.length - 8)
    await loaded.load(path)
    assert.equal(loaded.messages, chat.messages.slice(0, 5))
    const { choices, promptIds, stats } = await ask(loaded, 'The dog was big.')
    assert.equal(choices[0]!.ids, third.choices[0]!.ids)
    assert.equal(promptIds, third.promptIds)
    assert.is(stats.reusedTokens, third.stats.reusedTokens)
    loaded.close()
  }
  chat.close()
})

test.run()
