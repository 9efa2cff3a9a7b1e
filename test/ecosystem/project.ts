// Projects of users: folders with a package.json, what the registry gave for it, and files.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { repositoryPath } from '../shared.ts'

const execute = promisify(execFile)

/** Runs a program in `folder`. Resolves to its standard output; rejects with all it printed where it fails. */
export async function runIn(folder: string, program: string, words: readonly string[]): Promise<string> {
  try {
    return (await execute(program, words, { cwd: folder, maxBuffer: 1 << 26 })).stdout
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string }
    throw new Error([message.split('\n')[0], stdout, stderr].join('\n').trim(), { cause: error })
  }
}

/** Packs the built repository into `folder`. */
export async function packTarball(folder: string): Promise<string> {
  const words = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder]
  return join(folder, (await runIn(repositoryPath('.'), 'npm', words)).trim())
}

/** A project with these packages installed and these files; made once per folder. */
export async function makeProject(
  folder: string,
  packages: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  if (!existsSync(join(folder, 'node_modules'))) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true }))
    await runIn(folder, 'npm', ['install', '--silent', '--no-audit', '--no-fund', ...packages])
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}
