// Tags by which models mark what they think before they answer. Some templates end the prompt with the opening tag, so
// that the model begins inside. Pure.

export interface ReasoningTags {
  readonly open: string
  readonly close: string
  /** Around the answer that follows, where a model puts something there. */
  readonly answer?: readonly [open: string, close: string]
}

export const REASONING_TAGS: readonly ReasoningTags[] = [
  { open: '<think>', close: '</think>', answer: ['<response>', '</response>'] },
  { open: '<thinking>', close: '</thinking>' },
  { open: '<thought>', close: '</thought>' },
  { open: '<reasoning>', close: '</reasoning>' },
  { open: '[THINK]', close: '[/THINK]' },
  { open: '<seed:think>', close: '</seed:think>' },
  { open: '<|START_THINKING|>', close: '<|END_THINKING|>' },
  { open: '<|inner_prefix|>', close: '<|inner_suffix|>' },
  { open: '◁think▷', close: '◁/think▷' },
]

/** The tags that a prompt ends inside of; undefined where it does not end with an opening tag. */
export function openReasoning(prompt: string): ReasoningTags | undefined {
  const end = prompt.trimEnd()
  return REASONING_TAGS.find(({ open }) => end.endsWith(open))
}
