// A copy of the repository in a temporary folder, for tests that add to it what a newcomer would: a file and a line of a
// list. It starts with what is built here, so that building it takes as long as what was added.
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { repositoryPath } from '../shared.ts'

const run = promisify(execFile)

/** What is no source, and not made of sources. */
const isLeftOut = (path: string): boolean =>
  /^(\.git|node_modules|.*\.(log|tgz|cpuprofile))$/.test(basename(path)) || path.includes('elementary-')

export interface CopiedTree {
  /** Absolute path of a file of the copy. */
  path(name: string): string
  read(name: string): string
  /** Adds or replaces a file. */
  write(name: string, text: string): void
  /** Puts `line` behind the only line of a file that contains `after`. */
  addLine(name: string, after: string, line: string): void
  /** Builds kernels and TypeScript as `npm run build` does; rejects with what the compilers say. */
  build(): Promise<void>
  /** Runs a script of the copy; resolves to its standard output. */
  node(...args: string[]): Promise<string>
  remove(): void
}

/** Copies the repository. Whoever calls this removes the copy. */
export function copyTree(): CopiedTree {
  const root = mkdtempSync(join(tmpdir(), 'tsinfer-tree-'))
  const path = (name: string) => join(root, name)
  cpSync(repositoryPath('.'), root, {
    recursive: true,
    preserveTimestamps: true,
    filter: (source) => !isLeftOut(source),
  })
  symlinkSync(repositoryPath('node_modules'), path('node_modules'), 'junction')
  // Copying made the folders of the sources newer than what was built from them.
  for (const name of ['kernels-as', 'kernels-as/ops', 'kernels-as/types', 'kernels-as/inline']) {
    const { atime, mtime } = statSync(repositoryPath(name))
    utimesSync(path(name), atime, mtime)
  }
  const read = (name: string) => readFileSync(path(name), 'utf8')
  const write = (name: string, text: string) => writeFileSync(path(name), text)
  const node = async (...args: string[]) => {
    try {
      return (await run(process.execPath, args, { cwd: root })).stdout
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string }
      throw new Error(`node ${args.join(' ')}:\n${stdout}${stderr}`, { cause: error })
    }
  }
  return {
    path,
    read,
    write,
    addLine(name, after, line) {
      const lines = read(name).split('\n')
      const [at, ...others] = [...lines.keys()].filter((i) => lines[i]!.includes(after))
      if (at === undefined || others.length > 0) {
        throw new Error(`${name}: expected one line with ${after}, found ${at === undefined ? 0 : others.length + 1}`)
      }
      write(name, [...lines.slice(0, at + 1), line, ...lines.slice(at + 1)].join('\n'))
    },
    async build() {
      await node('kernels-as/build.mjs')
      await node('node_modules/typescript/bin/tsc')
    },
    node,
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}
