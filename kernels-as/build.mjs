// Compiles the builds of the kernels to dist/kernels-as, side by side, unless those there are newer than everything they
// depend on. What index.ts and each file of ops/ and types/ export is exported; the numbers among it also go to sizes.js.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const SOURCES = fileURLToPath(new URL('.', import.meta.url))
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const OUTPUT = `${ROOT}dist/kernels-as/`
const TARGETS = ['plain', 'relaxed', 'relaxed-dot']

const changedMs = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0

/** Folders count too: what was deleted changes them. */
const newestMs = () => {
  const entries = readdirSync(SOURCES, { recursive: true }).map((name) => SOURCES + name)
  const settings = ['asconfig.json', 'package-lock.json'].map((name) => ROOT + name)
  return Math.max(...[SOURCES, ...entries, ...settings].map(changedMs))
}

const sourcesIn = (folder) => readdirSync(SOURCES + folder).map((name) => `kernels-as/${folder}/${name}`)

const compile = (target) =>
  new Promise((resolve, reject) => {
    const compiler = fileURLToPath(import.meta.resolve('assemblyscript/bin/asc.js'))
    const entries = ['kernels-as/index.ts', ...['ops', 'types'].flatMap(sourcesIn).sort()]
    const args = [compiler, ...entries, '--target', target]
    spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit' })
      .on('error', reject)
      .on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`asc --target ${target}: exit code ${code}`))))
  })

/** The numbers that the plain build exports, which every engine can compile. */
const writeSizes = () => {
  const module = new WebAssembly.Module(readFileSync(`${OUTPUT}plain.wasm`))
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true })
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  const globals = Object.entries(exports).filter(([, exported]) => exported instanceof WebAssembly.Global)
  const sizes = Object.fromEntries(globals.map(([name, { value }]) => [name, value]))
  writeFileSync(`${OUTPUT}sizes.js`, `export const SIZES = ${JSON.stringify(sizes, undefined, 2)}\n`)
}

const newest = newestMs()
const stale = TARGETS.filter((target) => changedMs(`${OUTPUT}${target}.wasm`) <= newest)
await Promise.all(stale.map(compile))
if (stale.length > 0 || changedMs(`${OUTPUT}sizes.js`) <= newest) writeSizes()
