// Metadata keys about texts and tokens, changed one at a time in small vocabularies: what llama.cpp makes of each, recorded by
// `bench keys`, is made of it here.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { VOCABULARIES, writeVocabulary } from '../../bench/record/keys/vocabularies.ts'
import { type VocabularyChange, vocabularyChanges } from '../../bench/record/keys/vocabulary-changes.ts'
import { differences, ourFacts, type VocabularyFixture } from '../../bench/record/keys/vocabulary-facts.ts'
import { repositoryPath } from '../shared.ts'

const folder = mkdtempSync(join(tmpdir(), 'tsinfer-vocabulary-keys-'))
test.after(() => rmSync(folder, { recursive: true, force: true }))
const path = join(folder, 'vocabulary.gguf')

const ALL = 'spm bpe gemma4'
const NO_SUCH_TOKENIZER = ['refused here', 'no architecture here has such a tokenizer'] as const
const NO_BOS = ['refused here', 'such texts begin with a BOS, and there is none'] as const
const COMMA = ['ends', 'llama.cpp takes token 11 for an EOS, which is a comma'] as const
const UNREAD = ['read here', 'byte-pair encoding reads no scores'] as const

/** Where the two do otherwise: in which vocabularies, how (the facts, or who refuses), and why. */
const ON_PURPOSE: Readonly<Record<string, readonly [where: string, how: string, why: string]>> = {
  'tokenizer.ggml.model = "bert"': ['bpe', ...NO_SUCH_TOKENIZER],
  'tokenizer.ggml.model = "t5"': [ALL, ...NO_SUCH_TOKENIZER],
  'tokenizer.ggml.model = "plamo2"': ['spm gemma4', ...NO_SUCH_TOKENIZER],
  'tokenizer.ggml.model = "whitespace"': ['bpe gemma4', ...NO_SUCH_TOKENIZER],
  'tokenizer.ggml.model = "hybriddna"': ['bpe gemma4', ...NO_SUCH_TOKENIZER],
  'tokenizer.ggml.model = "llama"': [
    'bpe',
    'read here',
    'llama.cpp ends its process at a byte that no token stands for, which is the unknown token here',
  ],
  'tokenizer.ggml.bos_token_id = 512': ['gemma4', ...NO_BOS],
  'tokenizer.ggml.bos_token_id = 4294967295': ['gemma4', ...NO_BOS],
  'tokenizer.ggml.bos_token_id: no such key': ['gemma4', ...NO_BOS],
  'tokenizer.ggml.eos_token_id = 273': ['bpe', ...COMMA],
  'tokenizer.ggml.eos_token_id = 4294967295': ['bpe', ...COMMA],
  'tokenizer.ggml.eos_token_id: no such key': ['bpe', ...COMMA],
  'tokenizer.ggml.eos_token_id: signed': [ALL, 'read here', 'the number is the same'],
  'tokenizer.ggml.token_type: unsigned': [ALL, 'read here', 'the numbers are the same'],
  'tokenizer.ggml.scores: doubles': [ALL, 'read here', 'the numbers are the same'],
  'tokenizer.ggml.scores: one less': ['bpe gemma4', ...UNREAD],
  'tokenizer.ggml.tokens: an end of text': [
    ALL,
    'eot',
    'of two tokens that end a turn by their text llama.cpp takes the one that its hash table has first',
  ],
  'general.name = "Phi-3 mini"': [ALL, 'read here', 'tokens that are not there need no attributes'],
}

function difference(fixture: VocabularyFixture, change: VocabularyChange): string {
  const ours = ourFacts(path)
  const isRefused = fixture.refused.includes(change.name)
  if ('refused' in ours) return isRefused ? '' : 'refused here'
  if (isRefused) return 'read here'
  const theirs = { ...fixture.facts, ...fixture.followed[change.name] }
  return Object.keys(differences(ours.facts, theirs)).join(' ')
}

test('vocabulary keys: what llama.cpp makes of each is made of it, but for listed cases', () => {
  const found: Record<string, string> = {}
  for (const [name, items] of Object.entries(VOCABULARIES)) {
    const fixture: VocabularyFixture = JSON.parse(
      readFileSync(repositoryPath(`test/fixtures/keys/shared/${name}.json`), 'utf8'),
    )
    writeVocabulary(path, items)
    assert.equal(ourFacts(path), { facts: fixture.facts }, name)
    const changes = vocabularyChanges(items)
    assert.is(changes.length, fixture.changes, name)
    for (const change of changes) {
      writeVocabulary(path, items, change)
      const how = difference(fixture, change)
      if (how !== '') found[`${name}, ${change.name}`] = how
    }
  }
  const expected = Object.entries(ON_PURPOSE).flatMap(([change, [where, how]]) =>
    where.split(' ').map((name) => [`${name}, ${change}`, how] as const),
  )
  assert.equal(Object.entries(found).sort(), [...expected].sort())
})

test.run()
