// The doc comments of the public types say the defaults that the table has: they cannot be derived, so they are compared.
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { AUTO_DRAFT, DEFAULT_DRAFT, SAMPLING } from '../../../engine/options/sampling.ts'
import { EMBED, GENERATE, LOAD, SCORE, TOKENIZE } from '../../../engine/options/table.ts'
import { repositoryPath } from '../../shared.ts'

const types = ['loading', 'generation', 'speculation', 'score', 'embed', 'queueing', 'tokenize']
  .map((name) => readFileSync(repositoryPath(`engine/public/${name}.ts`), 'utf8'))
  .join('\n')

/** The doc comment right before a member. */
function commentOf(name: string): string {
  const member = types.indexOf(`  readonly ${name}?:`)
  assert.ok(member > 0, `${name} is a member of a public type`)
  const before = types.slice(0, member).trimEnd()
  return before.endsWith('*/') ? before.slice(before.lastIndexOf('/**')) : ''
}

test('option table: documented defaults are those of the code', () => {
  let compared = 0
  for (const table of [SAMPLING, GENERATE, LOAD, SCORE, EMBED, TOKENIZE]) {
    for (const [name, spec] of Object.entries(table)) {
      const [, written] = /Default (-?[\d.]*\d|true|false)\b/.exec(commentOf(name)) ?? []
      if (written === undefined || !('default' in spec)) continue
      assert.is(written, String(spec.default), name)
      compared++
    }
  }
  assert.ok(compared >= 20, `${compared} defaults were compared`)
})

test('option table: documented drafts of auto are those of the code', () => {
  assert.match(
    commentOf('nMax'),
    RegExp(`Default ${DEFAULT_DRAFT.nMax}; of \`auto\`, which chooses, ${AUTO_DRAFT.nMax}\\.`),
  )
  assert.match(commentOf('pMin'), RegExp(`Default ${DEFAULT_DRAFT.pMin}; of \`auto\` ${AUTO_DRAFT.pMin}\\.`))
})

test.run()
