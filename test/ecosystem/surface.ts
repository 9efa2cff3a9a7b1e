// A program that uses everything the library exports, for other compilers than ours. It is only compiled.

export const SURFACE = `
import {
  checkResponseFormat, DEFAULT_SAMPLING, inspectModel, inspectPair, isInputError, keepTuning, loadModel, machineTopology,
  openTokenizer, readChatTemplate, TsinferError,
} from 'tsinfer'
import type {
  ChatChoice, ChatContentPart, ChatGeneration, ChatMessage, ChatOptions, ChatPiece, ChatResult, ChatTool, ChoiceResult,
  DraftOptions, EmbedOptions, EngineStats, ErrorCode, GenerateOptions, GenerateResult, GenerateStats, Generation,
  Inspection, KernelBuild, KvType, LoadOptions, MemoryNeed, MetadataEntry, Model, ModelInfo, ModelTemplate, Piece, PlanInfo, Pooling,
  Priority, QueueOptions,
  ResponseFormat, SamplingOptions, SavedSession, ScoredPosition, ScoreOptions, Session, Speculation, StageInfo,
  TemplateChoice, TextTokenizer, TokenizeOptions, ToolCall, Topology, Tuning,
} from 'tsinfer'

const load: LoadOptions = { context: 4096, onProgress: (fraction: number) => void fraction, signal: AbortSignal.abort() }
const format: ResponseFormat = { type: 'json_schema', schema: { type: 'object' } }
const draft: DraftOptions = { nMax: 4 }
const sampling: SamplingOptions = { ...DEFAULT_SAMPLING, seed: 7, logitBias: { 3: -1 } }
const generate: GenerateOptions = { ...sampling, ...queue, responseFormat: format, draft, speculation: 'auto' }
const priority: Priority = 'batch'
const queue: QueueOptions = { client: 'somebody', priority }
const tool: ChatTool = { type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }
const part: ChatContentPart = { type: 'text', text: 'Hello' }
const messages: ChatMessage[] = [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: [part] }]
const chatOptions: ChatOptions = { tools: [tool], templateVariables: { enable_thinking: false }, now: new Date() }

async function speak(model: Model): Promise<number> {
  const story: Generation = model.generate('Once', generate)
  for await (const piece of story) { const { text, token, choice }: Piece = piece; void [text, token, choice] }
  const result: GenerateResult = await story.result
  const stats: GenerateStats = result.stats
  const first: ChoiceResult | undefined = result.choices[0]
  const chat: ChatGeneration = model.chat(messages, chatOptions)
  for await (const piece of chat) { const one: ChatPiece = piece; const calls: readonly ToolCall[] = one.toolCalls; void calls }
  const answer: ChatResult = await chat.result
  const chosen: ChatChoice | undefined = answer.choices[0]
  return stats.tokS + (first?.ids.length ?? 0) + (chosen?.content.length ?? 0)
}

async function measure(model: Model, options: ScoreOptions & EmbedOptions): Promise<readonly Float32Array[]> {
  for await (const position of model.score([1, 2], options)) {
    const { top, logsumexp }: ScoredPosition = position
    for (const [id, probability] of top) void (id + probability + logsumexp)
  }
  const pooling: Pooling = 'mean'
  const tokenize: TokenizeOptions = { addBos: false }
  const ids: number[] = await model.tokenize('x', tokenize)
  return model.embed(['a', ids], { ...options, pooling })
}

async function keep(model: Model): Promise<string> {
  const session: Session = model.session()
  const saved: SavedSession = await session.save('file', 'note')
  const again: SavedSession = await session.load('file')
  session.close()
  const totals: EngineStats = model.stats()
  const info: ModelInfo = model.info
  const plan: PlanInfo = info.plan
  const stage: StageInfo | undefined = plan.stages[0]
  const kv: KvType = plan.kvTypeK
  return saved.note + again.tokens.length + totals.tokens + totals.kept.reusedTokens + (stage?.layerCount ?? 0) + kv + model.detokenize([1])
}

export async function main(): Promise<void> {
  await using model = await loadModel('model.gguf', load)
  await speak(model)
  await measure(model, { signal: new AbortController().signal })
  await keep(model)
  const tokenizer: TextTokenizer = await openTokenizer('model.gguf', { tokenizerPre: 'gpt-2' })
  await tokenizer.encode('text')
  await tokenizer.close()
  const choice: Partial<TemplateChoice> = { hasTools: true }
  const template: ModelTemplate = await readChatTemplate('model.gguf', choice)
  const inspection: Inspection = await inspectModel('model.gguf')
  const entry: MetadataEntry | undefined = inspection.metadata[0]
  const memory: MemoryNeed | undefined = inspection.memory
  const differences: string[] = await inspectPair('model.gguf', 'draft.gguf')
  const topology: Topology = machineTopology()
  const tuning: Tuning = { lanes: 1, chunkRows: 64, barrierSpins: 0 }
  const path: string = keepTuning('folder', 'model.gguf', tuning)
  const speculation: Speculation = 'pipe'
  const build: KernelBuild = 'plain'
  checkResponseFormat(format)
  void [template.source, entry?.key, memory?.totalBytes, differences.length, topology.usableCores, path, speculation, build]
}

main().catch((error: unknown) => {
  if (isInputError(error)) throw error
  if (!(error instanceof TsinferError)) return
  const code: ErrorCode = error.code
  const again: TsinferError = new TsinferError(code, error.message, { cause: error })
  throw again
})
`
