// Real schemas with valid and invalid instances: how many are accepted, and that nothing invalid is.
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../../engine/errors.ts'
import { sharedTest } from '../../shared.ts'
import { valueAcceptor } from './accepts.ts'

interface Case {
  readonly name: string
  readonly schema: unknown
  readonly tests: readonly { readonly valid: boolean; readonly data: unknown }[]
}

/** Counts by reason, the most frequent first. */
function summary(reasons: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const sorted = [...counts].sort((a, b) => b[1] - a[1])
  return sorted.map(([reason, count]) => `  ${count} ${reason}\n`).join('')
}

sharedTest(test, 'schemas as people write them', 'vectors/json-schema/cases.jsonl', (path) => {
  const cases = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Case)
  const refusals: string[] = []
  const passed: string[] = []
  const missed: string[] = []
  let valid = 0
  for (const { name, schema, tests } of cases) {
    let accepts: (value: unknown) => boolean
    try {
      accepts = valueAcceptor(schema)
    } catch (error) {
      if (!(error instanceof TsinferError)) throw error
      refusals.push(error.message.replace(/#\S*/, '#'))
      continue
    }
    for (const { valid: isValid, data } of tests) {
      const isAccepted = accepts(data)
      if (isValid) valid++
      if (isValid && !isAccepted) missed.push(name)
      if (!isValid && isAccepted) passed.push(`${name}: ${JSON.stringify(data)}`)
    }
  }
  const accepted = cases.length - refusals.length
  console.log(
    `${accepted} of ${cases.length} schemas accepted, ${passed.length} invalid instances too, ` +
      `${valid - missed.length} of their ${valid} valid instances\n${summary(refusals)}  missed: ${missed.join(', ')}`,
  )
  assert.equal(passed, [])
  assert.ok(accepted >= 0.85 * cases.length)
  assert.ok(valid - missed.length >= 0.97 * valid)
})

test.run()
