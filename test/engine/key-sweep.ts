// Every metadata key that llama.cpp knows, changed one at a time in a recipe's model: what it follows we follow or refuse by
// name, and what it ignores we ignore. What it does was recorded by `bench keys`.
import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import * as assert from 'uvu/assert'
import { RECIPES } from '../../bench/forge/recipes.ts'
import { rewriteModel } from '../../bench/forge/rewrite.ts'
import { changeItem, changeName, type KeyChange, keyChanges } from '../../bench/record/keys/changes.ts'
import { ourAnswer } from '../../bench/record/keys/ours.ts'
import { areClose, type KeysFixture, LIMITS } from '../../bench/record/keys/prompt.ts'
import { TsinferError } from '../../engine/errors.ts'
import { type GgufFile, openGguf } from '../../engine/gguf/file.ts'
import type { GgufEntry } from '../../engine/gguf/metadata.ts'
import { modelConfig } from '../../engine/model/config/config.ts'
import { modelWeights } from '../../engine/model/memory/weights.ts'
import { repositoryPath } from '../shared.ts'
import { forged } from './forged-model.ts'
import { temporaryPath } from './gguf/temporary.ts'

/** Changes with which llama.cpp ends its process, or computes no numbers, where there is no reason not to run. */
export const RUN_ALL_THE_SAME: Readonly<Record<string, string>> = {
  'expert_group_count = 1': 'a dense model has no experts to group; one group is none',
  'expert_used_count = 1': 'a dense model has no experts to use',
  'expert_used_count = 3': 'a dense model has no experts to use',
  'rope.dimension_count = 16': 'heads may be rotated in part',
  'attention.sliding_window = 0': 'no window',
  'attention.sliding_window_pattern = 1': 'all layers see everything',
}
/** The header of `file` with one key changed. */
function changed(file: GgufFile, change: KeyChange, architecture: string): GgufFile {
  const { key, type, value } = changeItem(change, architecture)
  const entry = (
    Array.isArray(value)
      ? { kind: 'array', type, count: value.length, offset: 0, bytes: 0, items: value }
      : { kind: 'scalar', type, value }
  ) as GgufEntry
  return { ...file, metadata: new Map([...file.metadata, [key, entry]]) }
}

/** The configuration of a model that can be run, or the message of a refusal. */
function judged(file: GgufFile): object | string {
  try {
    const config = modelConfig(file)
    modelWeights(file, config)
    return config
  } catch (error) {
    if (error instanceof TsinferError) return error.message
    throw error
  }
}

const fixtureOf = (name: string): KeysFixture =>
  JSON.parse(readFileSync(repositoryPath(`test/fixtures/keys/${name}.json`), 'utf8'))

/** Of the changes with which llama.cpp does not run the recipe's model, those with which it is run here. */
export function runAllTheSame(name: string): string[] {
  const file = openGguf(forged(name, 'F16'))
  const refused = new Set(fixtureOf(name).refused)
  const { architecture } = RECIPES[name]!
  return changesOf(name)
    .filter(
      (change) => refused.has(changeName(change)) && typeof judged(changed(file, change, architecture)) === 'object',
    )
    .map(changeName)
}

const changesOf = (name: string): KeyChange[] => keyChanges(Number(RECIPES[name]!.keys?.block_count?.[1] ?? 3))

/** Compares what is made of every change in the recipe's model. */
export async function checkKeys(name: string): Promise<void> {
  const fixture = fixtureOf(name)
  const { architecture } = RECIPES[name]!
  const path = forged(name, 'F16')
  const file = openGguf(path)
  const base = judged(file)
  const changes = changesOf(name)
  assert.is(changes.length, fixture.changes)
  const refused = new Set(fixture.refused)
  for (const change of changes) {
    const what = changeName(change)
    if (refused.has(what)) continue
    const found = judged(changed(file, change, architecture))
    const expected = fixture.followed[what]
    if (typeof found === 'string') {
      // Shapes that tensors do not have are named by the tensor; llama.cpp takes the first layer's number for all.
      const isNamed = found.startsWith('tensor ') || (expected !== undefined && found.includes(change.key))
      assert.ok(isNamed, `${what}: llama.cpp ${expected ? 'follows' : 'ignores'} the key, ${found}`)
    } else if (expected || !isDeepStrictEqual(found, base)) {
      const copy = temporaryPath('changed.gguf')
      rewriteModel(copy, path, [changeItem(change, architecture)])
      const ours = await ourAnswer(copy)
      const isClose = 'figures' in ours && areClose(ours.figures, expected ?? fixture.figures, LIMITS.engines)
      assert.ok(isClose, `${what}: ${JSON.stringify(ours)}`)
    }
  }
}
