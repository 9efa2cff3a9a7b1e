// The door of tokenizer/. Texts become ids in a text worker; ids become text on the caller's thread, from byte tables that
// the worker shares.
export { answerReading, splitAnswer } from './answer/answer-splitter.ts'
export { type Conversation, type FittedChat, renderFitted } from './chat-fitting.ts'
export { ChatTemplate, type TemplateInput } from './chat-template.ts'
export { metadataOf } from './gguf-metadata.ts'
export { readJson } from './jinja/json.ts'
export { type LocalTime, parseLocalTime } from './jinja/strftime.ts'
export { TemplateFault, type Value as TemplateValue } from './jinja/values.ts'
export {
  isTemplateName,
  type ModelTemplate,
  readModelTemplate,
  type TemplateChoice,
} from './model-template.ts'
export { CHATML, PLAIN_CHAT, type StandIn } from './no-template.ts'
export { type DecodeOptions, detokenize, StreamDecoder } from './stream-decoder.ts'
export type { TextFacts } from './text-messages.ts'
export type { TextWorkerPayload } from './text-worker.ts'
export { createTokenizer, type EncodeOptions, type Tokenizer } from './tokenizer.ts'
export { CALL_FORM } from './tools-in-prompt.ts'
export { readVocabulary, type TokenizerMetadata, type TokenTable, type Vocabulary } from './vocabulary.ts'
