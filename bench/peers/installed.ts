// Packages that are installed below bench/peers only, for the benches of other engines.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const MODULES = new URL('../../../bench/peers/node_modules/', import.meta.url)

interface Manifest {
  readonly main?: string
  readonly version: string
}

export interface InstalledPackage {
  readonly folder: URL
  readonly version: string
  /** The module's exports. */
  load(): Promise<unknown>
}

export const isInstalled = (name: string): boolean => existsSync(new URL(`${name}/package.json`, MODULES))

/** The package called `name`. Throws an Error where it is not installed. */
export function installedPackage(name: string): InstalledPackage {
  const folder = new URL(`${name}/`, MODULES)
  const manifest = new URL('package.json', folder)
  if (!existsSync(manifest)) {
    throw new Error(`expected ${name} in ${fileURLToPath(folder)}, found none: run npm install in bench/peers`)
  }
  const { main = 'index.mjs', version } = JSON.parse(readFileSync(manifest, 'utf8')) as Manifest
  return { folder, version, load: () => import(new URL(main, folder).href) }
}
