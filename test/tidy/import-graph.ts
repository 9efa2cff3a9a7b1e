// The graph of a source tree's imports. Pure.
import type { SourceFile } from './source-tree.ts'

/** Imports of types alone do not exist at run time. */
const targetsOf = ({ imports }: SourceFile): string[] =>
  imports.filter(({ isTypeOnly }) => !isTypeOnly).map(({ target }) => target)

/** Every import cycle once, types included, as the paths along it. */
export function importCycles(files: readonly SourceFile[]): string[][] {
  const targets = new Map(files.map(({ path, imports }) => [path, imports.map(({ target }) => target)]))
  const cycles: string[][] = []
  const done = new Set<string>()
  const trail: string[] = []
  const follow = (path: string): void => {
    const at = trail.indexOf(path)
    if (at >= 0) cycles.push([...trail.slice(at), path])
    if (at >= 0 || done.has(path)) return
    trail.push(path)
    for (const target of targets.get(path) ?? []) follow(target)
    trail.pop()
    done.add(path)
  }
  for (const path of targets.keys()) follow(path)
  return cycles
}

/** The files called `roots` and all that they import. */
export function reachable(files: readonly SourceFile[], roots: readonly string[]): SourceFile[] {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const found = new Set<SourceFile>()
  const follow = (path: string): void => {
    const file = byPath.get(path)
    if (!file || found.has(file)) return
    found.add(file)
    targetsOf(file).forEach(follow)
  }
  roots.forEach(follow)
  return [...found]
}
