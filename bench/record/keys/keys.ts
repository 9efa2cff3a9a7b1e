// Changes one metadata key after another in small models of every architecture, and records what llama.cpp makes of it:
// follows it, ignores it, or refuses the file. Where tsinfer does otherwise is printed; the tests hold it to the rest.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { defineCommand } from '../../../cli/shell/command.ts'
import { modelConfig, openGguf, TsinferError } from '../../../engine/index.ts'
import { forgeRandom } from '../../forge/random-model.ts'
import { RECIPES } from '../../forge/recipes.ts'
import { rewriteModel } from '../../forge/rewrite.ts'
import { startLibrary } from '../../peers/library.ts'
import { changeItem, changeName, type KeyChange, keyChanges } from './changes.ts'
import type { Answer } from './llama-figures.ts'
import { OracleProcess } from './oracle-process.ts'
import { ourAnswer } from './ours.ts'
import { areClose, type KeysFixture, LIMITS } from './prompt.ts'

const FIXTURES = fileURLToPath(new URL('../../../../test/fixtures/keys/', import.meta.url))

export const command = defineCommand({
  usage: '[RECIPE ...]',
  positionalsMax: 100,
  options: {},
  async run({ positionals }) {
    const names = positionals.length > 0 ? positionals : Object.keys(RECIPES)
    const unknown = names.find((name) => RECIPES[name] === undefined)
    if (unknown !== undefined) {
      const known = Object.keys(RECIPES).join(', ')
      throw new TsinferError('option_invalid', `expected recipes of ${known}, found ${unknown}`)
    }
    const { llama, version } = await startLibrary(1)
    const folder = mkdtempSync(join(tmpdir(), 'tsinfer-keys-'))
    mkdirSync(FIXTURES, { recursive: true })
    using oracle = new OracleProcess()
    try {
      for (const name of names) {
        const found = await sweep(oracle, name, folder)
        const oracleName = `llama.cpp ${llama.llamaCppRelease.release} through node-llama-cpp ${version}`
        const fixture: KeysFixture = { oracle: oracleName, ...found }
        writeFileSync(join(FIXTURES, `${name}.json`), `${JSON.stringify(fixture)}\n`)
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
})

async function sweep(oracle: OracleProcess, name: string, folder: string): Promise<Omit<KeysFixture, 'oracle'>> {
  const recipe = RECIPES[name]!
  const [base, path] = [join(folder, 'base.gguf'), join(folder, 'changed.gguf')]
  forgeRandom(base, recipe, 'F16')
  const unchanged = await oracle.ask(base)
  if ('refused' in unchanged) throw new Error(`${name}: expected figures, found ${unchanged.refused}`)
  const refused: string[] = []
  const followed: Record<string, readonly number[]> = {}
  const changes = keyChanges(Number(recipe.keys?.block_count?.[1] ?? 3))
  for (const change of changes) {
    rewriteModel(path, base, [changeItem(change, recipe.architecture)])
    const theirs = await oracle.ask(path)
    const isIgnored = 'figures' in theirs && areClose(theirs.figures, unchanged.figures, LIMITS.runs)
    if ('refused' in theirs) refused.push(changeName(change))
    else if (!isIgnored) followed[changeName(change)] = theirs.figures
    if (!isIgnored || !ignores(base, path)) report(name, change, theirs, await ourAnswer(path))
  }
  const followedCount = Object.keys(followed).length
  console.log(`${name}: of ${changes.length} changes llama.cpp refuses ${refused.length} and follows ${followedCount}`)
  return { figures: unchanged.figures, changes: changes.length, refused, followed }
}

/** Whether a file is the same model to tsinfer as another one. */
function ignores(base: string, path: string): boolean {
  try {
    return isDeepStrictEqual(modelConfig(openGguf(path)), modelConfig(openGguf(base)))
  } catch (error) {
    if (error instanceof TsinferError) return false
    throw error
  }
}

/** Prints where the two do not do the same. */
function report(name: string, change: KeyChange, theirs: Answer, ours: Answer): void {
  if ('refused' in theirs && 'refused' in ours) return
  if ('figures' in theirs && 'figures' in ours && areClose(ours.figures, theirs.figures, LIMITS.engines)) return
  const said = (answer: Answer) => ('refused' in answer ? `refuses: ${answer.refused}` : answer.figures.join(' '))
  console.log(`${name}, ${changeName(change)}\n  llama.cpp ${said(theirs)}\n  tsinfer   ${said(ours)}`)
}
