// Changes one key after another in the model of a recipe, and finds what llama.cpp computes with each.
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { modelConfig, openGguf, TsinferError } from '../../../engine/index.ts'
import { forgeRandom } from '../../forge/random-model.ts'
import { RECIPES } from '../../forge/recipes.ts'
import { rewriteModel } from '../../forge/rewrite.ts'
import { changeItem, changeName, keyChanges } from './changes.ts'
import { GENERAL_RECIPE, generalChanges, type NamedItem } from './general-changes.ts'
import type { Answer } from './llama-figures.ts'
import type { OracleProcess } from './oracle-process.ts'
import { ourAnswer } from './ours.ts'
import { areClose, type KeysFixture, LIMITS } from './prompt.ts'

type Found = Omit<KeysFixture, 'oracle'>

/** Of all keys of the recipe's architecture. */
export function sweepArchitecture(oracle: OracleProcess, name: string, folder: string): Promise<Found> {
  const { architecture, keys } = RECIPES[name]!
  const changes = keyChanges(Number(keys?.block_count?.[1] ?? 3)).map((change) => ({
    name: changeName(change),
    item: changeItem(change, architecture),
  }))
  return sweep(oracle, name, changes, folder)
}

/** Of the keys that are no architecture's. */
export const sweepGeneral = (oracle: OracleProcess, folder: string): Promise<Found> =>
  sweep(oracle, GENERAL_RECIPE, generalChanges(), folder)

async function sweep(
  oracle: OracleProcess,
  recipe: string,
  changes: readonly NamedItem[],
  folder: string,
): Promise<Found> {
  const [base, path] = [join(folder, 'base.gguf'), join(folder, 'changed.gguf')]
  forgeRandom(base, RECIPES[recipe]!, 'F16')
  const unchanged = await oracle.figures(base)
  if ('refused' in unchanged) throw new Error(`${recipe}: expected figures, found ${unchanged.refused}`)
  const refused: string[] = []
  const followed: Record<string, readonly number[]> = {}
  for (const { name, item } of changes) {
    rewriteModel(path, base, [item])
    const theirs = await oracle.figures(path)
    const isIgnored = 'figures' in theirs && areClose(theirs.figures, unchanged.figures, LIMITS.runs)
    if ('refused' in theirs) refused.push(name)
    else if (!isIgnored) followed[name] = theirs.figures
    if (!isIgnored || !ignores(base, path)) report(`${recipe}, ${name}`, theirs, await ourAnswer(path))
  }
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
function report(what: string, theirs: Answer, ours: Answer): void {
  if ('refused' in theirs && 'refused' in ours) return
  if ('figures' in theirs && 'figures' in ours && areClose(ours.figures, theirs.figures, LIMITS.engines)) return
  const said = (answer: Answer) => ('refused' in answer ? `refuses: ${answer.refused}` : answer.figures.join(' '))
  console.log(`${what}\n  llama.cpp ${said(theirs)}\n  tsinfer   ${said(ours)}`)
}
