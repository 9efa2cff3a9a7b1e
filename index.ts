// The door of the library: what users import.

export { loadModel } from './api/load-model.ts'
export {
  checkResponseFormat,
  inspectModel,
  inspectPair,
  keepTuning,
  openTokenizer,
  readChatTemplate,
} from './api/model-files.ts'
export * from './engine/public/index.ts'
export type { ModelTemplate, TemplateChoice } from './tokenizer/model-template.ts'
