// Changes one metadata key after another in small models of every architecture and in small vocabularies, and records what
// llama.cpp makes of it: follows it, ignores it, or refuses the file. Where tsinfer does otherwise is printed; the tests hold
// it to the rest.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineCommand } from '../../../cli/shell/command.ts'
import { TsinferError } from '../../../engine/index.ts'
import { RECIPES } from '../../forge/recipes.ts'
import { startLibrary } from '../../peers/library.ts'
import { sweepArchitecture, sweepGeneral } from './model-sweep.ts'
import { OracleProcess } from './oracle-process.ts'
import { VOCABULARIES } from './vocabularies.ts'
import { sweepVocabulary } from './vocabulary-sweep.ts'

const FIXTURES = fileURLToPath(new URL('../../../../test/fixtures/keys/', import.meta.url))

/** The sweep of keys that are no architecture's and not about texts. */
const GENERAL = 'general'

export const command = defineCommand({
  usage: '[RECIPE | VOCABULARY | general ...]',
  positionalsMax: 100,
  options: {},
  async run({ positionals }) {
    const known = [...Object.keys(RECIPES), ...Object.keys(VOCABULARIES), GENERAL]
    const names = positionals.length > 0 ? positionals : known
    const unknown = names.find((name) => !known.includes(name))
    if (unknown !== undefined) {
      throw new TsinferError('option_invalid', `expected some of ${known.join(', ')}, found ${unknown}`)
    }
    const { llama, version } = await startLibrary(1)
    const folder = mkdtempSync(join(tmpdir(), 'tsinfer-keys-'))
    mkdirSync(join(FIXTURES, 'shared'), { recursive: true })
    using oracle = new OracleProcess()
    try {
      for (const name of names) {
        const found = await sweep(oracle, name, folder)
        const { changes, refused, followed } = found
        const counts = `llama.cpp refuses ${refused.length} and follows ${Object.keys(followed).length}`
        console.log(`${name}: of ${changes} changes ${counts}`)
        const oracleName = `llama.cpp ${llama.llamaCppRelease.release} through node-llama-cpp ${version}`
        const path = join(FIXTURES, name in RECIPES ? '.' : 'shared', `${name}.json`)
        writeFileSync(path, `${JSON.stringify({ oracle: oracleName, ...found })}\n`)
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
})

function sweep(oracle: OracleProcess, name: string, folder: string) {
  if (name === GENERAL) return sweepGeneral(oracle, folder)
  if (name in VOCABULARIES) return sweepVocabulary(oracle, name, folder)
  return sweepArchitecture(oracle, name, folder)
}
