// Metadata keys of models with windows: those of Gemma 2 and OLMo.
import { test } from 'uvu'
import { checkKeys } from '../key-sweep.ts'

for (const name of ['olmo2', 'olmo2-window', 'olmo2-factor', 'gemma2']) {
  test(`metadata keys: ${name}`, () => checkKeys(name))
}

test.run()
