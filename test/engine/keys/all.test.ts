// That the sweep of metadata keys covers every architecture, and what is run although llama.cpp does not.
import { readdirSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RECIPES } from '../../../bench/forge/recipes.ts'
import { ARCHITECTURES } from '../../../engine/model/architectures/list.ts'
import { repositoryPath } from '../../shared.ts'
import { RUN_ALL_THE_SAME, runAllTheSame } from '../key-sweep.ts'

const names = readdirSync(repositoryPath('test/fixtures/keys'))
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.replace('.json', ''))

test('metadata keys: every recipe was swept, and so every architecture', () => {
  assert.equal([...names].sort(), Object.keys(RECIPES).sort())
  assert.equal([...new Set(names.map((name) => RECIPES[name]!.architecture))].sort(), [...ARCHITECTURES.keys()].sort())
})

test('metadata keys: what llama.cpp refuses is refused, but for listed cases', () => {
  assert.equal([...new Set(names.flatMap(runAllTheSame))].sort(), Object.keys(RUN_ALL_THE_SAME).sort())
})

test.run()
