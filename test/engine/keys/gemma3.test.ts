// Metadata keys of Gemma 3.
import { test } from 'uvu'
import { checkKeys } from '../key-sweep.ts'

for (const name of ['gemma3']) {
  test(`metadata keys: ${name}`, () => checkKeys(name))
}

test.run()
