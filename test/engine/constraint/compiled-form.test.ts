// What goes from thread to thread is what was compiled.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { packGrammar, unpackGrammar } from '../../../engine/constraint/compiled-form.ts'
import type { Grammar, State } from '../../../engine/constraint/grammar.ts'
import { compileSchema } from '../../../engine/constraint/schema/compile-schema.ts'
import { SCHEMAS } from './schemas.ts'

const id = fc.nat(2 ** 31)
/** Counts are any integers, or infinite. */
const most = fc.oneof(fc.maxSafeNat(), fc.constant(Number.POSITIVE_INFINITY))
const state: fc.Arbitrary<State> = fc.oneof(
  fc.record({ kind: fc.constant('bytes' as const), edges: fc.array(fc.tuple(fc.nat(255), fc.nat(255), id)) }),
  fc.record({ kind: fc.constant('split' as const), to: fc.array(id) }),
  fc.record({ kind: fc.constant('call' as const), start: id, to: id }),
  fc.record({ kind: fc.constant('repeat' as const), body: id, least: fc.maxSafeNat(), most, to: id }),
  fc.record({ kind: fc.constant('return' as const) }),
)
const grammar: fc.Arbitrary<Grammar> = fc.record({ states: fc.array(state), start: id })

test('any grammar comes out as it went in', () => {
  fc.assert(fc.property(grammar, (one) => assert.equal(unpackGrammar(packGrammar(one)), plain(one))))
  for (const schema of Object.values(SCHEMAS)) {
    const compiled = compileSchema(schema)
    assert.equal(unpackGrammar(packGrammar(compiled)), compiled)
  }
})

/** Records of fast-check have no prototype. */
const plain = ({ states, start }: Grammar): Grammar => ({ states: states.map((one) => ({ ...one })), start })

test.run()
