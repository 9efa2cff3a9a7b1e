// The reference itself against another float64 implementation's figures.
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openGguf } from '../../engine/gguf/file.ts'
import { repositoryPath, sharedTest } from '../shared.ts'
import { runReference } from './model.ts'

sharedTest(test, 'stories260K along a golden run', 'models/stories260K/golden-f32.json', (path) => {
  const file = openGguf(repositoryPath('cli/models/stories260K.gguf'))
  for (const run of JSON.parse(readFileSync(path, 'utf8')).runs.slice(0, 2)) {
    const { logits } = runReference(file, run.ids.slice(0, 40))
    for (const { pos, top5 } of run.steps.slice(0, 40)) {
      for (const [id, logit] of top5) {
        const error = Math.abs(logits[pos]![id]! - logit)
        assert.ok(error < 1e-5, `${run.name}, position ${pos}, token ${id}: off by ${error}`)
      }
    }
  }
})

test.run()
