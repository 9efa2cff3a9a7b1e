// The benches there are. Each is loaded only when it runs: one that reports exports a `bench`, one that records a `command`.

import type { Options } from '../cli/shell/arguments.ts'
import type { Command } from '../cli/shell/command.ts'
import type { CommandEntry } from '../cli/shell/execute.ts'
import { type Bench, reporting } from './harness.ts'

type Module = { readonly bench: unknown } | { readonly command: unknown }

const entry = (name: string, summary: string, load: () => Promise<Module>): CommandEntry => ({
  name,
  summary,
  async load() {
    const module = await load()
    // A bench reads exactly the values its own table describes.
    return 'bench' in module ? reporting(name, module.bench as Bench) : (module.command as Command<Options>)
  },
})

export const BENCHES: readonly CommandEntry[] = [
  entry('generate', 'Prompt and decode speed behind contexts of several lengths.', () => import('./speed/generate.ts')),
  entry('constraint', 'Texts of JSON Schemas: are they valid, at what cost.', () => import('./speed/constraint.ts')),
  entry('beside', 'Schemas and templates beside texts: do these notice.', () => import('./speed/beside.ts')),
  entry('arriving', 'A prompt that arrives among texts: their gaps, its speed.', () => import('./speed/arriving.ts')),
  entry(
    'beginnings',
    'Prompts that begin alike: first tokens, tokens evaluated.',
    () => import('./speed/beginnings.ts'),
  ),
  entry('grown', 'Texts whose cells grew side by side, beside others.', () => import('./speed/grown.ts')),
  entry('abort', 'Time from an abort to the next usable token.', () => import('./stress/abort.ts')),
  entry('cancel', 'How soon cancelled work stops, and what is left of it.', () => import('./stress/cancel/cancel.ts')),
  entry('loop-delay', "Delay of the caller's event loop under the library.", () => import('./stress/loop-delay.ts')),
  entry('cycles', 'Memory and threads over many load/close cycles.', () => import('./stress/cycles.ts')),
  entry('soak', 'Random requests, drafts and aborts: no leak, no stall.', () => import('./stress/soak.ts')),
  entry('memory', 'What inspect says a model takes, beside what it took.', () => import('./stress/memory.ts')),
  entry('big', 'A model beyond one 32-bit memory: plan, speed, peak memory.', () => import('./speed/big.ts')),
  entry('invariance', 'The same ids and logits, to the bit, in all Nodes.', () => import('./stress/invariance.ts')),
  entry('pipeline', 'Policies on an emulated pipeline, beside their bound.', () => import('./pipeline/table.ts')),
  entry('sweep', 'Policies in thousands of random emulated settings.', () => import('./pipeline/sweep.ts')),
  entry('tracing', 'What taking a trace costs where tokens are fastest.', () => import('./speed/tracing.ts')),
  entry('trace-picture', "Records README's picture.", () => import('./record/trace-picture/picture.ts')),
  entry(
    'speculation',
    'Policies beside plain decoding, with real kernels.',
    () => import('./speed/speculation/speculation.ts'),
  ),
  entry('kernels', 'Matrix products of every weight type beside the memory limit.', () => import('./speed/kernels.ts')),
  entry('parity', "Records llama.cpp's figures for small models, for the tests.", () => import('./record/parity.ts')),
  entry('keys', "Records what llama.cpp makes of changed metadata's keys.", () => import('./record/keys/keys.ts')),
  entry('batch', 'Many requests at once: speed, gaps, share of the possible.', () => import('./peers/batch.ts')),
  entry('loaded', 'Decode speed of engines beside a program that is busy.', () => import('./peers/loaded.ts')),
  entry('tokens', "Records llama.cpp's ids of awkward texts, for the tests.", () => import('./record/tokens.ts')),
  entry('readme', "Writes README's table of speeds from docs/benchmarks.", () => import('./record/readme.ts')),
  entry('peers', 'Speed beside other engines on the same files, in turns.', () => import('./peers/peers.ts')),
]
