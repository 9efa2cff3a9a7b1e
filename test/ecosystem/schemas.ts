// Random texts of constraints, read by the validator that most users have: ajv, with its formats.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createRandom } from '../../bench/forge/random.ts'
import { compileSchema } from '../../engine/constraint/schema/compile-schema.ts'
import { TsinferError } from '../../engine/errors.ts'
import { readSuite, type SuiteGroup } from '../engine/constraint/suite.ts'
import { someConstraints, walk } from '../engine/constraint/walk.ts'
import type { EcosystemCase, Workshop } from './case.ts'
import { makeProject } from './project.ts'

const PACKAGES = ['ajv@8.20.0', 'ajv-formats@3.0.1', 'ajv-draft-04@1.0.0']
const CLASSES: Readonly<Record<string, string>> = {
  draft4: 'ajv-draft-04',
  draft6: 'ajv',
  draft7: 'ajv',
  'draft2019-09': 'ajv/dist/2019.js',
  'draft2020-12': 'ajv/dist/2020.js',
}
const SEEDS = [1, 2, 3]
const TEXTS_LEAST = 2000
/** Where ajv differs from the standard: inherited names, identifiers beside references, dynamic references, `if` alone. */
const DIFFERS =
  /Javascript object property names|base ur[il]|\$dynamicRef|\$dynamicAnchor|\$recursiveRef|then not defined/i

interface Validator {
  addMetaSchema(schema: unknown): void
  compile(schema: unknown): (value: unknown) => boolean
}
type ValidatorClass = new (options: object) => Validator

function validatorOf(project: string, draft: string): Validator {
  const require = createRequire(join(project, 'package.json'))
  const Ajv = (require(CLASSES[draft]!) as { default: ValidatorClass }).default
  const { default: addFormats } = require('ajv-formats') as { default: (ajv: Validator) => void }
  const ajv = new Ajv({ strict: false, logger: false })
  addFormats(ajv)
  if (draft === 'draft6') ajv.addMetaSchema(require('ajv/dist/refs/json-schema-draft-06.json'))
  return ajv
}

const isHeld = ({ schema }: SuiteGroup): boolean => {
  try {
    compileSchema(schema)
    return true
  } catch (error) {
    if (error instanceof TsinferError) return false
    throw error
  }
}

async function textsAreValid({ folder }: Workshop): Promise<void> {
  const project = await makeProject(join(folder, 'validators'), PACKAGES)
  const vocabulary = someConstraints()
  const faults: string[] = []
  let texts = 0
  for (const group of readSuite()) {
    if (!CLASSES[group.draft] || DIFFERS.test(group.description) || !isHeld(group)) continue
    let validate: (value: unknown) => boolean
    try {
      validate = validatorOf(project, group.draft).compile(group.schema)
    } catch {
      continue
    }
    for (const seed of SEEDS) {
      const { text } = walk(vocabulary, group.schema, 200, createRandom(seed))
      texts++
      if (!validate(JSON.parse(text))) faults.push(`${group.draft}/${group.file} ${group.description}: ${text}`)
    }
  }
  if (faults.length > 0) throw new Error(`${faults.length} of ${texts} texts are invalid:\n${faults.join('\n')}`)
  if (texts < TEXTS_LEAST) throw new Error(`expected at least ${TEXTS_LEAST} texts, found ${texts}`)
}

export const schemasOfUsers: readonly EcosystemCase[] = [
  { name: 'random texts of the schemas of the official suite are valid under ajv', run: textsAreValid },
]
