// Every public function reads its options by the one table of options: none is forgotten, and each knows its own.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  CHAT,
  EMBED,
  FORMAT,
  GENERATE,
  LOAD,
  SCORE,
  TEMPLATE,
  TOKENIZE,
  TOKENIZER,
  TUNING,
} from '../../engine/options/table.ts'
import * as door from '../../index.ts'
import { repositoryPath } from '../shared.ts'

const MODEL = repositoryPath('cli/models/stories260K.gguf')
const { inspectModel, inspectPair, keepTuning, loadModel, machineTopology, openTokenizer, readChatTemplate } = door

type Any = never
interface Function {
  /** Absent: it takes no options. */
  readonly table?: object
  readonly call: (options: Any) => unknown
}

/** Functions of the door. */
const FUNCTIONS: Readonly<Record<string, Function>> = {
  loadModel: { table: LOAD, call: (options) => loadModel(MODEL, options) },
  inspectModel: { table: LOAD, call: (options) => inspectModel(MODEL, options) },
  inspectPair: { call: () => inspectPair(MODEL, MODEL) },
  openTokenizer: { table: TOKENIZER, call: (options) => openTokenizer(MODEL, options) },
  readChatTemplate: { table: TEMPLATE, call: (options) => readChatTemplate(MODEL, options) },
  keepTuning: { table: TUNING, call: (tuning) => keepTuning('nowhere', MODEL, tuning) },
  checkResponseFormat: { table: FORMAT, call: (format) => door.checkResponseFormat(format) },
  machineTopology: { call: () => machineTopology() },
  isInputError: { call: () => door.isInputError(new Error()) },
}

let model: door.Model
let tokenizer: door.TextTokenizer
test.before(async () => {
  model = await loadModel(MODEL, { context: 64, lanes: 1 })
  tokenizer = await openTokenizer(MODEL)
})
test.after(async () => {
  await model.close()
  await tokenizer.close()
})

/** Methods of a model. */
const METHODS: Readonly<Record<string, Function>> = {
  tokenize: { table: TOKENIZE, call: (options) => model.tokenize('x', options) },
  detokenize: { call: () => model.detokenize([1]) },
  generate: { table: GENERATE, call: (options) => model.generate('x', options).result },
  chat: { table: CHAT, call: (options) => model.chat([{ role: 'user', content: 'x' }], options).result },
  score: { table: SCORE, call: (options) => model.score([1, 2], options)[Symbol.asyncIterator]().next() },
  embed: { table: EMBED, call: (options) => model.embed('x', options) },
  session: { call: () => model.session().close() },
  stats: { call: () => model.stats() },
}

const isClass = (value: unknown) => /^class\b/.test(String(value))

test('the table of options covers every function of the door and of a model', () => {
  const functions = Object.entries(door).filter(([, value]) => typeof value === 'function' && !isClass(value))
  assert.equal(functions.map(([name]) => name).sort(), Object.keys(FUNCTIONS).sort())
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(model)).filter((name) => name !== 'constructor')
  assert.equal(methods.sort(), [...Object.keys(METHODS), 'close'].sort())
  assert.equal(Object.keys(tokenizer).sort(), ['close', 'detokenize', 'encode'])
})

test('every function refuses an option that its table does not have, and names the nearest that it has', async () => {
  const encode: Function = { table: TOKENIZE, call: (options) => tokenizer.encode('x', options) }
  for (const [name, { table, call }] of Object.entries({ ...FUNCTIONS, ...METHODS, encode })) {
    if (table === undefined) {
      await call(undefined as Any)
      continue
    }
    const [known = ''] = Object.keys(table)
    const refused = async (given: object): Promise<string> => {
      try {
        await call(given as Any)
      } catch (error) {
        assert.instance(error, door.TsinferError, name)
        return (error as Error).message
      }
      return 'taken'
    }
    assert.match(await refused({ [`${known}x`]: 1 }), `did you mean ${known}?`, name)
    assert.match(await refused({ nonsense: 1 }), 'unknown option "nonsense"', name)
  }
})

test.run()
