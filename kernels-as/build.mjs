// Compiles both kernel builds to dist/kernels-as, side by side, unless those there are newer than everything they depend on.
import { spawn } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const SOURCES = fileURLToPath(new URL('.', import.meta.url))
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TARGETS = ['plain', 'relaxed', 'relaxed-dot']

const changedMs = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

/** Folders count too: what was deleted changes them. */
const newestMs = () => {
  const entries = readdirSync(SOURCES, { recursive: true }).map((name) => SOURCES + name)
  const settings = ['asconfig.json', 'package-lock.json'].map((name) => ROOT + name)
  return Math.max(...[SOURCES, ...entries, ...settings].map(changedMs))
}

const compile = (target) =>
  new Promise((resolve, reject) => {
    const compiler = fileURLToPath(import.meta.resolve('assemblyscript/bin/asc.js'))
    const args = [compiler, 'kernels-as/index.ts', '--target', target]
    spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit' })
      .on('error', reject)
      .on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`asc --target ${target}: exit code ${code}`))))
  })

const newest = newestMs()
await Promise.all(TARGETS.filter((target) => changedMs(`${ROOT}dist/kernels-as/${target}.wasm`) <= newest).map(compile))
