import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { controlLayout, createControl } from '../../../engine/pipeline/control.ts'
import { Ring } from '../../../engine/pipeline/ring.ts'

function newRing(slots: number, startAt = 0) {
  const layout = controlLayout(1)
  const words = createControl(layout)
  const ring = layout.rings[0]!
  words[ring.published] = startAt
  words[ring.released] = startAt
  return { ring: new Ring(words, ring, slots, layout.conductorBell, layout.stageBells[0]!), words, layout }
}

test('slots leave in the order they entered, never more than there are, across the wrap of the counters', () => {
  const steps = fc.array(fc.boolean(), { maxLength: 200 })
  const starts = fc.constantFrom(0, 5, 0x7ffffffd, -3)
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 8 }), starts, (produce, slots, startAt) => {
      const { ring } = newRing(slots, startAt)
      const held = new Array<number>(slots)
      const expected: number[] = []
      let next = 0
      for (const isProducer of produce) {
        if (isProducer) {
          const slot = ring.reserve()
          assert.is(slot < 0, expected.length === slots)
          if (slot < 0) continue
          held[slot] = next
          expected.push(next++)
          ring.publish()
        } else {
          const slot = ring.peek()
          assert.is(slot < 0, expected.length === 0)
          if (slot < 0) continue
          assert.is(held[slot], expected.shift())
          ring.release()
        }
      }
    }),
  )
})

test('publishing rings the consumer, releasing rings the producer', () => {
  const { ring, words, layout } = newRing(2)
  ring.reserve()
  ring.publish()
  assert.is(words[layout.stageBells[0]!], 1)
  assert.is(words[layout.conductorBell], 0)
  ring.release()
  assert.is(words[layout.conductorBell], 1)
})

test.run()
