// Where the project's shared vectors are found. They sit beside a developer's checkout and in CI, never in a user's
// clone: cases that need them are then reported as skipped, in the count.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { test as uvuTest } from 'uvu'
import { skipLine } from './runner/summary.ts'

const repositoryRoot = fileURLToPath(new URL('../../', import.meta.url))
const sharedRoot = process.env.TSINFER_SHARED ?? join(repositoryRoot, '..', 'shared')

/** Absolute path of a file of the repository. */
export function repositoryPath(relative: string): string {
  return join(repositoryRoot, relative)
}

/** Absolute path below the shared vectors, or undefined where they (or that file) are absent. */
export function sharedPath(relative: string): string | undefined {
  const path = join(sharedRoot, relative)
  return existsSync(path) ? path : undefined
}

/** Registers a test that needs the shared file or folder `relative`; it counts as skipped where that is absent. */
export function sharedTest(
  test: typeof uvuTest,
  name: string,
  relative: string,
  body: (path: string) => void | Promise<void>,
): void {
  const path = sharedPath(relative)
  if (path === undefined) skipTest(test, name, 'needs ../shared')
  else test(name, () => body(path))
}

/** Counts a test as skipped, and says why: the runner sums the reasons up. */
export function skipTest(test: { readonly skip: (name: string) => void }, name: string, reason: string): void {
  console.log(skipLine(name, reason))
  test.skip(name)
}
