// Embeddings of every architecture against llama.cpp's, see architectures.test.ts.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RECIPES } from '../../bench/forge/recipes.ts'
import { EMBEDDED_IDS, POOLINGS } from '../../bench/record/parity-cases.ts'
import { loadModel } from '../../index.ts'
import { fixtureOf, forged } from './forged-model.ts'

for (const name of Object.keys(RECIPES)) {
  test(`${name}: embeddings equal llama.cpp's, in every pooling`, async () => {
    const fixture = fixtureOf(name)
    await using model = await loadModel(forged(name, 'F16'), { context: 128, chunkRows: 7 })
    for (const [pooling] of POOLINGS) {
      const [vector] = await model.embed([EMBEDDED_IDS], { pooling })
      assert.ok(Math.abs(norm(vector!) - 1) < 1e-6, `${pooling}: of length ${norm(vector!)}`)
      assert.ok(
        cosine(vector!, fixture.embeddings[pooling]!) > 0.9999,
        `${pooling}: ${cosine(vector!, fixture.embeddings[pooling]!)}`,
      )
    }
  })
}

const norm = (x: ArrayLike<number>) => Math.sqrt(dot(x, x))
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0)
const cosine = (a: ArrayLike<number>, b: ArrayLike<number>) => dot(a, b) / (norm(a) * norm(b))

test.run()
