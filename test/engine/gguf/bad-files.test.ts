import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../../engine/errors.ts'
import { openGguf } from '../../../engine/gguf/file.ts'
import { sharedTest } from '../../shared.ts'

/** Opens the file; undefined where it is accepted, else the one-line reason. */
function refusal(path: string): string | undefined {
  try {
    openGguf(path)
    return undefined
  } catch (error) {
    assert.instance(error, TsinferError, `${path}: ${error}`)
    assert.is((error as TsinferError).code, 'gguf_invalid', path)
    assert.not.match((error as TsinferError).message, /\n/, path)
    return (error as TsinferError).message
  }
}

sharedTest(test, 'every handcrafted file is judged as its name says', 'vectors/gguf-bad', (folder) => {
  const names = readdirSync(folder).filter((name) => name.endsWith('.gguf'))
  assert.ok(names.length > 70)
  for (const name of names) {
    const reason = refusal(join(folder, name))
    if (name.startsWith('bad-')) assert.ok(reason, `${name} was accepted`)
    if (name.startsWith('ok-')) assert.is(reason, undefined, name)
  }
})

test.run()
