// Changes one metadata key after another in small models of every architecture and in small vocabularies, and records what
// llama.cpp makes of it: follows it, ignores it, or refuses the file. Where tsinfer does otherwise is printed; the tests hold
// it to the rest.
import { defineCommand } from '../../../cli/shell/command.ts'
import { RECIPES } from '../../forge/recipes.ts'
import { record, recordedNames } from '../llama.ts'
import { sweepArchitecture, sweepGeneral } from './model-sweep.ts'
import { OracleProcess } from './oracle-process.ts'
import { VOCABULARIES } from './vocabularies.ts'
import { sweepVocabulary } from './vocabulary-sweep.ts'

/** The sweep of keys that are no architecture's and not about texts. */
const GENERAL = 'general'

export const command = defineCommand({
  usage: '[RECIPE | VOCABULARY | general ...]',
  positionalsMax: 100,
  options: {},
  async run({ positionals }) {
    const names = recordedNames(positionals, [...Object.keys(RECIPES), ...Object.keys(VOCABULARIES), GENERAL])
    await record(async ({ folder, save }) => {
      using oracle = new OracleProcess()
      for (const name of names) {
        const found = await sweep(oracle, name, folder)
        const { changes, refused, followed } = found
        const counts = `llama.cpp refuses ${refused.length} and follows ${Object.keys(followed).length}`
        console.log(`${name}: of ${changes} changes ${counts}`)
        save(name in RECIPES ? `keys/${name}` : `keys/shared/${name}`, found)
      }
    })
  },
})

function sweep(oracle: OracleProcess, name: string, folder: string) {
  if (name === GENERAL) return sweepGeneral(oracle, folder)
  if (name in VOCABULARIES) return sweepVocabulary(oracle, name, folder)
  return sweepArchitecture(oracle, name, folder)
}
