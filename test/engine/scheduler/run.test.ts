import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  createTransitionCounts,
  Group,
  type GroupState,
  link,
  TRANSITIONS,
  transition,
  unlink,
} from '../../../engine/scheduler/run.ts'
import { transitionsOf } from '../../sim/transitions.ts'

test('every state can be reached from unused and leads back to it', () => {
  const reached = new Set<GroupState>(['unused'])
  for (const state of reached) for (const next of Object.values(TRANSITIONS[state])) reached.add(next)
  assert.equal([...reached].sort(), Object.keys(TRANSITIONS).sort())
  const leadsBack = (state: GroupState, seen: readonly GroupState[]): boolean =>
    Object.values(TRANSITIONS[state]).some(
      (next) => next === 'unused' || (!seen.includes(next) && leadsBack(next, [...seen, next])),
    )
  for (const state of reached) assert.ok(leadsBack(state, [state]), state)
})

test('every transition belongs to some kind of work', () => {
  const all = Object.entries(TRANSITIONS).flatMap(([state, events]) => Object.keys(events).map((e) => `${state} ${e}`))
  const kinds = ['plain', 'drafts', 'texts'] as const
  const reachable = new Set(kinds.flatMap((kind) => transitionsOf([kind])))
  assert.equal([...reachable].sort(), all.sort())
  assert.not(transitionsOf(['plain']).some((name) => name.includes('assumed')))
})

test('an event without an entry is a bug', () => {
  const row = new Group()
  const counts = createTransitionCounts()
  transition(row, 'submit', counts)
  transition(row, 'return', counts)
  assert.throws(() => transition(row, 'return', counts), /no transition for event return of a row that is arrived/)
  assert.equal(counts.unused, { submit: 1 })
  assert.equal(counts.final, { return: 1 })
})

test('children are unlinked wherever they stand', () => {
  const [parent, a, b, c] = [new Group(), new Group(), new Group(), new Group()]
  for (const child of [a, b, c]) link(parent, child)
  const children = () => {
    const list: Group[] = []
    for (let child = parent.firstChild; child; child = child.nextSibling) list.push(child)
    return list
  }
  const names = () => children().map((child) => 'abc'[[a, b, c].indexOf(child)]).join('') // biome-ignore format: one line reads better
  assert.is(names(), 'cba')
  unlink(b)
  assert.is(names(), 'ca')
  unlink(c)
  unlink(a)
  assert.is(names(), '')
  unlink(a)
})

test.run()
