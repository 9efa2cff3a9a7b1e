// `tsinfer perplexity`: mean negative log-likelihood of a text, in windows as long as the context.
import { TsinferError } from '../engine/errors.ts'
import { realExp } from '../engine/index.ts'
import type { Model } from '../index.ts'
import { defineCommand } from './shell/command.ts'
import { withModel } from './shell/load.ts'
import { IDS_OPTION, JSON_OPTION, LOAD_OPTIONS, loadOptions, requiredModelPath } from './shell/options.ts'
import { write, writeJson } from './shell/output.ts'
import { FILE_OPTION, readInput } from './shell/text-input.ts'
import { windowsOf } from './shell/windows.ts'

export const command = defineCommand({
  usage: 'MODEL (-f FILE | --ids 1,2,3) --json',
  positionalsMax: 1,
  options: { file: FILE_OPTION, ids: IDS_OPTION, ...LOAD_OPTIONS, json: JSON_OPTION },
  async run({ values, positionals, signal }) {
    const path = requiredModelPath(values, positionals)
    const input = await readInput(values, '-f and --ids')
    await withModel(path, loadOptions(values), signal, async (model) => {
      const ids = typeof input === 'string' ? await model.tokenize(input, { parseSpecial: false }) : input
      const prefix = await textPrefix(model)
      const windows = windowsOf(ids, prefix, model.info.contextLength)
      if (windows.length === 0) {
        throw new TsinferError('prompt_invalid', `text: expected at least 2 tokens, found ${ids.length}`)
      }
      let sum = 0
      let tokens = 0
      for (const window of windows) {
        for await (const { logsumexp, nextLogit } of model.score(window, { top: 1, signal })) {
          if (nextLogit === undefined) continue
          sum += logsumexp - nextLogit
          tokens++
        }
      }
      const nll = sum / tokens
      const ppl = realExp(nll)
      if (values.json) writeJson({ nll, ppl, tokens })
      else
        write(`perplexity ${ppl.toFixed(4)} (mean negative log-likelihood ${nll.toFixed(6)} over ${tokens} tokens)\n`)
    })
  },
})

/** What the model puts before every text: its BOS or nothing; nothing for a model without vocabulary. */
async function textPrefix(model: Model): Promise<readonly number[]> {
  try {
    return await model.tokenize('')
  } catch (error) {
    if (error instanceof TsinferError && error.code.startsWith('tokenizer_')) return []
    throw error
  }
}
