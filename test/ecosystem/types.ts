// The types of the package, read by the compilers of users in the ways users set them up, libraries checked.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EcosystemCase, Workshop } from './case.ts'
import { makeProject, runIn } from './project.ts'
import { SURFACE } from './surface.ts'

const VERSIONS = ['5.4', '5.5', '5.6', '5.7', '5.8', '5.9', '6.0', '7.0'] as const

interface Setup {
  readonly name: string
  /** Extension of the file that imports the package. */
  readonly extension: 'mts' | 'cts' | 'ts'
  readonly options: Readonly<Record<string, unknown>>
  /** Without @types/node, as for code that also runs in a browser. */
  readonly isBare?: boolean
  /** The last version that has it. */
  readonly until?: number
}

const SETUPS: readonly Setup[] = [
  { name: 'ES modules, nodenext', extension: 'mts', options: { module: 'nodenext', target: 'es2022' } },
  { name: 'ES modules, node16, ES2020', extension: 'mts', options: { module: 'node16', target: 'es2020' } },
  { name: 'CommonJS, nodenext', extension: 'cts', options: { module: 'nodenext', target: 'es2022' } },
  { name: 'CommonJS, node16', extension: 'cts', options: { module: 'node16', target: 'es2022' } },
  {
    name: 'a bundler',
    extension: 'ts',
    options: { module: 'esnext', moduleResolution: 'bundler', target: 'es2022' },
  },
  {
    name: 'a bundler, without @types/node',
    extension: 'ts',
    options: { module: 'esnext', moduleResolution: 'bundler', target: 'es2022', lib: ['es2022', 'dom'], types: [] },
    isBare: true,
  },
  {
    name: 'CommonJS, node10',
    extension: 'ts',
    options: { module: 'commonjs', moduleResolution: 'node10', target: 'es2022' },
    until: 5.9,
  },
]

const STRICT = {
  strict: true,
  skipLibCheck: false,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noEmit: true,
}

const alias = (version: string): string => `typescript-${version}`

async function compile(version: string, setup: Setup, { folder, tarball }: Workshop): Promise<void> {
  const { name, extension, options, isBare = false } = setup
  const packages = VERSIONS.map((one) => `${alias(one)}@npm:typescript@~${one}.0`)
  const compilers = await makeProject(join(folder, 'compilers'), packages)
  const source = `surface.${extension}`
  const nodeTypes = isBare ? {} : { types: ['node'] }
  const project = await makeProject(
    join(folder, isBare ? 'bare' : 'typed'),
    [tarball, ...(isBare ? [] : ['@types/node@20'])],
    {
      [source]: SURFACE,
      'tsconfig.json': JSON.stringify({ compilerOptions: { ...STRICT, ...nodeTypes, ...options }, files: [source] }),
    },
  )
  const home = join(compilers, 'node_modules', alias(version))
  const { bin } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { bin: { tsc: string } }
  await runIn(project, process.execPath, [join(home, bin.tsc), '-p', project]).catch((error: Error) => {
    throw new Error(`${name}: ${error.message}`)
  })
}

export const typesForUsers: readonly EcosystemCase[] = VERSIONS.flatMap((version) =>
  SETUPS.filter(({ until = Number.POSITIVE_INFINITY }) => Number(version) <= until).map((setup) => ({
    name: `types: TypeScript ${version}, ${setup.name}`,
    run: (workshop: Workshop) => compile(version, setup, workshop),
  })),
)
