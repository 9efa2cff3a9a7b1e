// The official test suite of JSON Schema: nothing invalid is accepted, and docs/json-schema.md says what is.
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { TsinferError } from '../../../engine/errors.ts'
import { repositoryPath } from '../../shared.ts'
import { valueAcceptor } from './accepts.ts'
import { readSuite, type SuiteGroup } from './suite.ts'

/** Files about what is an annotation here, or about texts that JSON.parse makes one of. */
const ANNOTATIONS: ReadonlySet<string> = new Set([
  'optional/content',
  'optional/zeroTerminatedFloats',
  ...['iri', 'iri-reference', 'idn-email', 'idn-hostname'].map((format) => `optional/format/${format}`),
])

interface Outcome {
  groups: number
  accepted: number
  valid: number
  validAccepted: number
}

function acceptorOf({ schema }: SuiteGroup): ((value: unknown) => boolean) | undefined {
  try {
    return valueAcceptor(schema)
  } catch (error) {
    if (error instanceof TsinferError) return undefined
    throw error
  }
}

function examine(groups: readonly SuiteGroup[]): { passed: string[]; outcomes: Map<string, Outcome> } {
  const passed: string[] = []
  const outcomes = new Map<string, Outcome>()
  for (const group of groups) {
    const outcome = outcomes.get(group.file) ?? { groups: 0, accepted: 0, valid: 0, validAccepted: 0 }
    outcomes.set(group.file, outcome)
    outcome.groups++
    const accepts = acceptorOf(group)
    if (!accepts) continue
    outcome.accepted++
    for (const { description, data, valid } of group.tests) {
      const isAccepted = accepts(data)
      if (valid) outcome.valid++
      if (valid && isAccepted) outcome.validAccepted++
      if (valid || !isAccepted || ANNOTATIONS.has(group.file)) continue
      passed.push(`${group.draft}/${group.file}: ${group.description}: ${description}`)
    }
  }
  return { passed, outcomes }
}

function tableOf(outcomes: ReadonlyMap<string, Outcome>): string {
  const rows = [...outcomes].sort(([a], [b]) => (a < b ? -1 : 1))
  return rows
    .map(([file, { groups, accepted, valid, validAccepted }]) => {
      const refused = groups - accepted
      return `| ${file} | ${accepted} | ${refused === 0 ? '' : refused} | ${validAccepted} of ${valid} |\n`
    })
    .join('')
}

test('no invalid instance is accepted, in any draft', () => {
  const { passed, outcomes } = examine(readSuite())
  assert.equal(passed, [])
  const page = readFileSync(repositoryPath('docs/json-schema.md'), 'utf8')
  const plain = (text: string) => text.replace(/ +/g, ' ').trim()
  const rows = page.split('\n').map(plain)
  const stated = rows.filter((line) => /^\| \S+ \| \d+ \|/.test(line))
  assert.is(stated.join('\n'), plain(tableOf(outcomes)))
})

test.run()
