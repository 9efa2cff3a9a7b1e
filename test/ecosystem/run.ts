// Runs tsinfer as packed among what its users have: their compilers, bundlers, clients and Nodes, as the package registry
// hands them out. Not part of `npm test`, which needs no network.
//
//   node dist/test/ecosystem/run.js [PART-OF-A-NAME ...]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EcosystemCase, Workshop } from './case.ts'
import { packTarball } from './project.ts'
import { samplesOfReadme } from './samples.ts'
import { schemasOfUsers } from './schemas.ts'
import { typesForUsers } from './types.ts'

const CASES: readonly EcosystemCase[] = [...typesForUsers, ...samplesOfReadme, ...schemasOfUsers]

async function runAll(cases: readonly EcosystemCase[], workshop: Workshop): Promise<number> {
  let failed = 0
  for (const { name, run } of cases) {
    const startedMs = performance.now()
    const fault = await run(workshop).then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
    )
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
    console.log(`${fault ? 'FAILED ' : 'ok     '} ${name} (${seconds} s)`)
    if (!fault) continue
    failed++
    console.log(fault.message)
  }
  return failed
}

const parts = process.argv.slice(2)
const cases = CASES.filter(({ name }) => parts.length === 0 || parts.some((part) => name.includes(part)))
const folder = mkdtempSync(join(tmpdir(), 'tsinfer-ecosystem-'))
try {
  const failed = await runAll(cases, { folder, tarball: await packTarball(folder) })
  if (cases.length === 0) console.log('no case has such a name')
  console.log(`${cases.length - failed} passed, ${failed} failed`)
  process.exitCode = failed > 0 || cases.length === 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true, force: true })
}
