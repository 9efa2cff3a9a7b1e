import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { CellIndex } from '../../../engine/domain.ts'
import { Cells } from '../../../engine/kv/cells.ts'

function allocate(cells: Cells, count: number): CellIndex[] {
  const into: CellIndex[] = []
  cells.allocate(count, into)
  return into
}

test('cells come in order, also after a release', () => {
  const cells = new Cells(6)
  const first = allocate(cells, 4)
  assert.equal(first, [0, 1, 2, 3])
  cells.release(first)
  assert.equal(allocate(cells, 6), [0, 1, 2, 3, 4, 5])
  assert.is(cells.freeCount, 0)
})

test('a shared cell is free after the last release', () => {
  const cells = new Cells(4)
  const prompt = allocate(cells, 2)
  cells.share(prompt, 2)
  cells.share(prompt, 1)
  cells.release(prompt)
  assert.is(cells.freeCount, 2)
  assert.is(cells.references(0 as CellIndex), 2)
  cells.release(prompt)
  assert.is(cells.freeCount, 3)
  cells.release(prompt.slice(0, 1))
  assert.is(cells.freeCount, 4)
})

test('misuse is a bug', () => {
  const cells = new Cells(2)
  assert.throws(() => new Cells(0), /0 KV cells/)
  assert.throws(() => allocate(cells, 3), /3 KV cells wanted, 2 are free/)
  assert.throws(() => cells.release([0 as CellIndex]), /free KV cell 0 is released/)
  assert.throws(() => cells.share([1 as CellIndex], 1), /free KV cell 1 is shared/)
})

test('no cell is held twice and none is lost, whatever the order', () => {
  const steps = fc.array(fc.record({ take: fc.boolean(), count: fc.nat(7), which: fc.nat() }), { maxLength: 60 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), steps, (capacity, plan) => {
      const cells = new Cells(capacity)
      const held: CellIndex[][] = []
      for (const { take, count, which } of plan) {
        if (take && count <= cells.freeCount) held.push(allocate(cells, count))
        else if (held.length > 0) cells.release(held.splice(which % held.length, 1)[0]!)
        const all = held.flat()
        assert.is(new Set(all).size, all.length)
        assert.is(cells.freeCount, capacity - all.length)
        assert.ok(all.every((cell) => cell >= 0 && cell < capacity && cells.references(cell) === 1))
      }
    }),
  )
})

test('who wants a run gets consecutive cells while there are any; who wants one takes of a run in use', () => {
  const cells = new Cells(48)
  const [first, one, second] = [allocate(cells, 16), allocate(cells, 1), allocate(cells, 16)]
  assert.equal([first[0], first[15], one[0], second[0], second[15]], [0, 15, 16, 32, 47])
  cells.release(first)
  assert.equal(allocate(cells, 2), [17, 18])
  assert.equal(allocate(cells, 16), first)
})

test('cells that only kept texts refer to are counted, whoever comes and goes', () => {
  const steps = fc.array(fc.record({ how: fc.nat(3), which: fc.nat() }), { maxLength: 80 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), steps, (capacity, plan) => {
      const cells = new Cells(capacity)
      const held: CellIndex[][] = []
      const kept: CellIndex[][] = []
      for (const { how, which } of plan) {
        const one = held[which % Math.max(1, held.length)]
        if (how === 0 && cells.freeCount > 0) held.push(allocate(cells, 1 + (which % Math.min(18, cells.freeCount))))
        if (how === 1 && one) {
          cells.keep(one)
          kept.push(one)
        }
        if (how === 2 && one) cells.release(held.splice(held.indexOf(one), 1)[0]!)
        if (how === 3 && kept.length > 0) cells.forget(kept.splice(which % kept.length, 1)[0]!)
        const [used, keeping] = [new Set(held.flat()), new Set(kept.flat())]
        assert.is(cells.keptCount, [...keeping].filter((cell) => !used.has(cell)).length)
        assert.is(cells.freeCount, capacity - new Set([...used, ...keeping]).size)
      }
    }),
  )
})

test.run()
