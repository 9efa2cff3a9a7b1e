import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../../engine/errors.ts'
import { readHeader } from '../../../engine/gguf/header.ts'
import type { ByteSource } from '../../../engine/gguf/source.ts'
import { modelConfig } from '../../../engine/model/config/config.ts'
import { modelWeights } from '../../../engine/model/memory/weights.ts'
import { repositoryPath } from '../../shared.ts'
import { memorySource } from './memory-source.ts'

const good = readFileSync(repositoryPath('cli/models/stories260K.gguf'))
const FLIPS = 10_000

/** Whether the file makes a plan; anything but a plan or a TsinferError fails the test. */
function plans(content: Uint8Array, what: string): boolean {
  let read = 0
  const source = memorySource(content)
  const counted: ByteSource = {
    ...source,
    readInto(target, offset) {
      read += target.length
      source.readInto(target, offset)
    },
  }
  try {
    const { metadata, tensors } = readHeader(counted, 0)
    const file = { metadata, tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])) }
    modelWeights(file, modelConfig(file))
    return true
  } catch (error) {
    assert.instance(error, TsinferError, `${what}: ${error instanceof Error ? error.stack : error}`)
    assert.ok((error as Error).message.length < 2000 && !/[\n\r]/.test((error as Error).message), what)
    return false
  } finally {
    assert.ok(read <= 4 * content.length, `${what}: ${read} bytes were read of ${content.length}`)
  }
}

/** Mulberry32: numbers in [0, 1) from a seed. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

test('a file cut at every 97th byte is refused', () => {
  assert.ok(plans(good, 'the whole file'))
  for (let end = 0; end < good.length - 31; end += 97) assert.not.ok(plans(good.subarray(0, end), `cut at ${end}`))
})

test(`${FLIPS} flipped bytes of the header end in a plan or a clean error`, () => {
  const { tensors } = readHeader(memorySource(good), 0)
  const headerBytes = tensors[0]!.offset
  const seed = 20261121
  const random = seeded(seed)
  const content = Uint8Array.from(good)
  let planned = 0
  for (let i = 0; i < FLIPS; i++) {
    const at = Math.floor(random() * headerBytes)
    const before = content[at]!
    content[at] = before ^ (1 + Math.floor(random() * 255))
    if (plans(content, `seed ${seed}, flip ${i} at ${at}`)) planned++
    content[at] = before
  }
  // Token texts and scores take most of the header, and any bytes are fine there.
  assert.ok(planned > FLIPS / 10 && planned < FLIPS, `${planned} planned`)
})

test('whole words of the header replaced by extreme values', () => {
  const { tensors } = readHeader(memorySource(good), 0)
  const content = Uint8Array.from(good)
  const view = new DataView(content.buffer)
  for (let at = 4; at + 8 <= tensors[0]!.offset; at += 5) {
    const before = view.getBigUint64(at, true)
    const extreme = [0xffffffffffffffffn, 1n << 63n, (1n << 32n) + 1n, 0n][at % 4]!
    view.setBigUint64(at, extreme, true)
    plans(content, `${extreme} at ${at}`)
    view.setBigUint64(at, before, true)
  }
})

test.run()
