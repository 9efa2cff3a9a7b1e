// Damaged headers that still make a plan are loaded and run: whatever they say, the end is tokens or a typed error.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../engine/errors.ts'
import { openGguf } from '../../engine/gguf/file.ts'
import { prepareModel } from '../../engine/load/prepare.ts'
import { EMBEDDED_MODEL, generate, startEngine } from './started-engine.ts'

const SEED = 20261121
const SURVIVORS = 200

/** Numbers 0 .. bound - 1 (Marsaglia's xorshift32). */
function generator(seed: number): (bound: number) => number {
  let state = seed
  return (bound) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % bound
  }
}

/** A copy of the model with 1 to 3 damaged header bytes, or undefined where no plan can be made of it. */
function damaged(good: Buffer, headerBytes: number, path: string, random: (bound: number) => number): boolean {
  const bytes = Buffer.from(good)
  for (let flips = 1 + random(3); flips > 0; flips--) bytes[random(headerBytes)]! ^= 1 << random(8)
  writeFileSync(path, bytes)
  try {
    prepareModel(openGguf(path), {}, 2)
    return true
  } catch (error) {
    assert.instance(error, TsinferError)
    return false
  }
}

test(`${SURVIVORS} models with damaged headers run 4 tokens or fail by name`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tsinfer-fuzz-'))
  const path = join(folder, 'damaged.gguf')
  const good = readFileSync(EMBEDDED_MODEL)
  const headerBytes = Math.min(...[...openGguf(EMBEDDED_MODEL).tensors.values()].map(({ offset }) => offset))
  const random = generator(SEED)
  let ran = 0
  try {
    for (let survivors = 0; survivors < SURVIVORS; ) {
      if (!damaged(good, headerBytes, path, random)) continue
      survivors++
      try {
        await using started = await startEngine(path)
        const [tokens] = await generate(started, [1, 3, 5], { tokensMax: 4 })
        assert.is(tokens!.length, 4)
        ran++
      } catch (error) {
        assert.instance(error, TsinferError, `survivor ${survivors}: ${error}`)
        assert.not.equal((error as TsinferError).code, 'thread_died', `survivor ${survivors}: ${error}`)
      }
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  assert.ok(ran > SURVIVORS / 2, `only ${ran} ran`)
})

test.run()
