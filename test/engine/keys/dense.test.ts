// Metadata keys of dense models without windows.
import { test } from 'uvu'
import { checkKeys } from '../key-sweep.ts'

for (const name of ['qwen2', 'qwen2-yarn', 'qwen3', 'granite', 'llama-biases', 'llama-scales']) {
  test(`metadata keys: ${name}`, () => checkKeys(name))
}

test.run()
