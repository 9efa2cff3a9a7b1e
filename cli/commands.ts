// The commands there are. Each is loaded only when it runs, so that help and usage errors are instant.
import type { Options } from './shell/arguments.ts'
import type { Command } from './shell/command.ts'
import type { CommandEntry } from './shell/execute.ts'

const entry = (name: string, summary: string, load: () => Promise<{ readonly command: unknown }>): CommandEntry => ({
  name,
  summary,
  // A command reads exactly the values its own table describes.
  load: async () => (await load()).command as Command<Options>,
})

export const COMMANDS: readonly CommandEntry[] = [
  entry(
    'run',
    'Write text with a model; without one, with the small model inside the package.',
    () => import('./run.ts'),
  ),
  entry('logits', 'Print the distribution after every position of a token sequence.', () => import('./logits.ts')),
  entry('perplexity', 'Print how well a model predicts a text.', () => import('./perplexity.ts')),
  entry('tokenize', 'Turn text into token ids and back.', () => import('./tokenize.ts')),
  entry('template', 'Print the prompt that a chat template makes of a conversation.', () => import('./template.ts')),
  entry('parse', 'Print what a chat makes of the raw text of an answer.', () => import('./parse.ts')),
  entry('inspect', 'Print what a GGUF file holds and how it would run.', () => import('./inspect.ts')),
  entry('bench', 'Measure prompt and generation speed.', () => import('./bench.ts')),
  entry('topology', 'Print cores, sockets, memory speed and the plan they lead to.', () => import('./topology.ts')),
]
