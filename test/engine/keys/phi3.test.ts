// Metadata keys of models with fused tensors and divisors.
import { test } from 'uvu'
import { checkKeys } from '../key-sweep.ts'

for (const name of ['phi3', 'phi3-short']) {
  test(`metadata keys: ${name}`, () => checkKeys(name))
}

test.run()
