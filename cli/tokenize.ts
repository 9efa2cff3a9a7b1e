// `tsinfer tokenize`: text to ids and back; needs a vocabulary, no weights.
import { openTokenizer } from '../index.ts'
import { defineCommand } from './shell/command.ts'
import {
  JSON_OPTION,
  MODEL_FILE_OPTIONS,
  present,
  RAW_OPTION,
  requiredModelPath,
  TOKENIZER_OPTIONS,
} from './shell/options.ts'
import { noteLine, write, writeJson, writeMade } from './shell/output.ts'
import { INPUT_OPTIONS, readInput } from './shell/text-input.ts'

export const command = defineCommand({
  usage: 'MODEL (-p TEXT | -f FILE | --ids 1,2,3) [--no-bos] [--no-parse-special] --json',
  positionalsMax: 1,
  options: {
    ...INPUT_OPTIONS,
    noBos: { kind: 'flag', names: ['--no-bos'], help: 'put no BOS in front' },
    noParseSpecial: { kind: 'flag', names: ['--no-parse-special'], help: 'read special tokens as plain text' },
    ...MODEL_FILE_OPTIONS,
    ...TOKENIZER_OPTIONS,
    raw: RAW_OPTION,
    json: JSON_OPTION,
  },
  async run({ values, positionals }) {
    const path = requiredModelPath(values, positionals)
    const input = await readInput(values, '-p, -f and --ids')
    const tokenizer = await openTokenizer(path, present({ tokenizerPre: values.tokenizerPre, onNotice: noteLine }))
    try {
      const options = present({
        addBos: values.noBos ? false : undefined,
        parseSpecial: values.noParseSpecial ? false : undefined,
      })
      const ids = typeof input === 'string' ? await tokenizer.encode(input, options) : input
      const text = await tokenizer.detokenize(ids)
      if (values.json) writeJson({ ids, text })
      else if (typeof input === 'string') write(`${ids.join(',')}\n`)
      else writeMade(`${text}\n`, values.raw)
    } finally {
      await tokenizer.close()
    }
  },
})
