// Changes one key after another in a small vocabulary, and finds what llama.cpp makes of texts and tokens with each.
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { OracleProcess } from './oracle-process.ts'
import { VOCABULARIES, writeVocabulary } from './vocabularies.ts'
import { vocabularyChanges } from './vocabulary-changes.ts'
import { differences, ourFacts, type VocabularyFacts, type VocabularyFixture } from './vocabulary-facts.ts'

export async function sweepVocabulary(
  oracle: OracleProcess,
  name: string,
  folder: string,
): Promise<Omit<VocabularyFixture, 'oracle'>> {
  const items = VOCABULARIES[name]!
  const path = join(folder, 'vocabulary.gguf')
  writeVocabulary(path, items)
  const unchanged = await oracle.facts(path)
  if ('refused' in unchanged) throw new Error(`${name}: expected facts, found ${unchanged.refused}`)
  const refused: string[] = []
  const followed: Record<string, VocabularyFacts> = {}
  const changes = vocabularyChanges(items)
  for (const change of changes) {
    writeVocabulary(path, items, change)
    const theirs = await oracle.facts(path)
    if ('refused' in theirs) refused.push(change.name)
    else {
      const changed = differences(theirs.facts, unchanged.facts)
      if (Object.keys(changed).length > 0) followed[change.name] = changed
    }
    const ours = ourFacts(path)
    if ('refused' in theirs && 'refused' in ours) continue
    if (isDeepStrictEqual(theirs, ours)) continue
    const said = (answer: typeof ours, other: typeof ours) =>
      'refused' in answer
        ? `refuses: ${answer.refused}`
        : JSON.stringify('facts' in other ? differences(answer.facts, other.facts) : 'reads it')
    console.log(`${name}, ${change.name}\n  llama.cpp ${said(theirs, ours)}\n  tsinfer   ${said(ours, theirs)}`)
  }
  return { facts: unchanged.facts, changes: changes.length, refused, followed }
}
