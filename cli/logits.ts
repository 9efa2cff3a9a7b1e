// `tsinfer logits`: teacher-forced distributions, one JSON line per position.
import { TsinferError } from '../engine/errors.ts'
import { SCORE } from '../engine/options/table.ts'
import { defineCommand } from './shell/command.ts'
import { optionOf } from './shell/library-option.ts'
import { withModel } from './shell/load.ts'
import { IDS_OPTION, JSON_OPTION, LOAD_OPTIONS, loadOptions, present, requiredModelPath } from './shell/options.ts'
import { writeJson } from './shell/output.ts'

export const command = defineCommand({
  usage: 'MODEL --ids 1,403,407 [--top 5] [--from I] --json',
  positionalsMax: 1,
  options: {
    ids: IDS_OPTION,
    top: optionOf(SCORE.top, { names: ['--top'], value: 'K' }),
    from: optionOf(SCORE.from, { names: ['--from'], value: 'I' }),
    ...LOAD_OPTIONS,
    json: JSON_OPTION,
  },
  async run({ values, positionals, signal }) {
    const { ids, top, from } = values
    const path = requiredModelPath(values, positionals)
    if (ids === undefined) throw new TsinferError('option_invalid', '--ids: expected token ids, found none')
    await withModel(path, loadOptions(values), signal, async (model) => {
      for await (const row of model.score(ids, { ...present({ top, from }), signal })) {
        writeJson({ pos: row.position, token: row.token, top: row.top, logsumexp: row.logsumexp })
      }
    })
  },
})
