import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { copyTree } from './copied-tree.ts'

test('a copy takes lines and files, is built with them, and is gone afterwards', async () => {
  const tree = copyTree()
  try {
    tree.write('engine/added.ts', 'export const added: number = 1\n')
    tree.addLine('engine/limits.ts', 'export const GROUPS_MAX', "export { added } from './added.ts'")
    await tree.build()
    const script =
      "const { added, GROUPS_MAX } = await import('./dist/engine/limits.js'); console.log(added, GROUPS_MAX)"
    assert.is(await tree.node('--input-type=module', '-e', script), '1 32\n')
    tree.write('engine/added.ts', "export const added: number = 'one'\n")
    const refused = await tree.build().catch((error: Error) => error.message)
    assert.match(String(refused), /added\.ts.*not assignable/)
    assert.throws(() => tree.addLine('engine/limits.ts', 'no such line', ''), /found 0/)
  } finally {
    tree.remove()
  }
  assert.throws(() => tree.read('engine/limits.ts'), /ENOENT/)
})

test.run()
