// The small random-weight models of the recipes, forged as they were for llama.cpp, and what it said of them.
import { existsSync, readFileSync } from 'node:fs'
import type { ForgedType } from '../../bench/forge/quantize.ts'
import { forgeRandom } from '../../bench/forge/random-model.ts'
import { RECIPES } from '../../bench/forge/recipes.ts'
import type { ParityFixture } from '../../bench/record/parity-cases.ts'
import { repositoryPath } from '../shared.ts'
import { temporaryPath } from './gguf/temporary.ts'

export function fixtureOf(name: string): ParityFixture {
  return JSON.parse(readFileSync(repositoryPath(`test/fixtures/parity/${name}.json`), 'utf8'))
}

/** The path of the model of a recipe. */
export function forged(name: string, type: ForgedType): string {
  const path = temporaryPath(`${name}-${type}.gguf`)
  if (!existsSync(path)) forgeRandom(path, RECIPES[name]!, type)
  return path
}
