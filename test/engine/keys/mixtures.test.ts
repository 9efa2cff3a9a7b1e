// Metadata keys of mixtures of experts.
import { test } from 'uvu'
import { checkKeys } from '../key-sweep.ts'

for (const name of ['llama-experts', 'qwen2moe', 'qwen3moe', 'qwen3moe-scales']) {
  test(`metadata keys: ${name}`, () => checkKeys(name))
}

test.run()
