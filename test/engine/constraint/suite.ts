// The official JSON-Schema-Test-Suite (MIT, its licence beside it): all drafts from 4 on, as one file.
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { repositoryPath } from '../../shared.ts'

export interface SuiteGroup {
  readonly draft: string
  /** E.g. `optional/format/date`. */
  readonly file: string
  readonly description: string
  /** Says its draft. */
  readonly schema: unknown
  readonly tests: readonly { readonly description: string; readonly data: unknown; readonly valid: boolean }[]
}

const DIALECTS: Readonly<Record<string, string>> = {
  draft4: 'http://json-schema.org/draft-04/schema#',
  draft6: 'http://json-schema.org/draft-06/schema#',
  draft7: 'http://json-schema.org/draft-07/schema#',
  'draft2019-09': 'https://json-schema.org/draft/2019-09/schema',
  'draft2020-12': 'https://json-schema.org/draft/2020-12/schema',
}

type Files = Readonly<Record<string, readonly Omit<SuiteGroup, 'draft' | 'file'>[]>>

export function readSuite(): SuiteGroup[] {
  const packed = readFileSync(repositoryPath('test/fixtures/json-schema-suite/suite.json.gz'))
  const drafts = JSON.parse(gunzipSync(packed).toString()) as Readonly<Record<string, Files>>
  return Object.entries(drafts).flatMap(([draft, files]) =>
    Object.entries(files).flatMap(([file, groups]) =>
      groups.map((group) => ({ ...group, draft, file, schema: withDialect(group.schema, DIALECTS[draft]!) })),
    ),
  )
}

const withDialect = (schema: unknown, dialect: string): unknown =>
  typeof schema === 'object' ? { $schema: dialect, ...schema } : schema
