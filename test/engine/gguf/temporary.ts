// A folder that lives as long as a test file's process.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'tsinfer-gguf-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

export function temporaryPath(name: string): string {
  return join(folder, name)
}
