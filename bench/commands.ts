// The benches there are. Each is loaded only when it runs.

import type { CommandEntry } from '../cli/commands.ts'
import type { Options } from '../cli/shell/arguments.ts'
import type { Command } from '../cli/shell/command.ts'
import { type Bench, reporting } from './harness.ts'

const entry = (name: string, summary: string, load: () => Promise<{ readonly command: unknown }>): CommandEntry => ({
  name,
  summary,
  // A bench reads exactly the values its own table describes.
  load: async () => (await load()).command as Command<Options>,
})

/** What measures, and reports. */
const bench = (name: string, summary: string, load: () => Promise<{ readonly bench: unknown }>): CommandEntry => ({
  name,
  summary,
  load: async () => reporting(name, (await load()).bench as Bench),
})

export const BENCHES: readonly CommandEntry[] = [
  bench('generate', 'Prompt and decode speed behind contexts of several lengths.', () => import('./speed/generate.ts')),
  bench(
    'constraint',
    'Texts of JSON Schemas: whether they are valid, and what that costs.',
    () => import('./speed/constraint.ts'),
  ),
  bench('abort', 'Time from an abort to the next usable token.', () => import('./stress/abort.ts')),
  bench('cancel', 'How soon cancelled work stops, and what is left of it.', () => import('./stress/cancel/cancel.ts')),
  bench(
    'loop-delay',
    "Delay of the caller's event loop while the library works.",
    () => import('./stress/loop-delay.ts'),
  ),
  bench('cycles', 'Memory and threads over many load/close cycles.', () => import('./stress/cycles.ts')),
  bench('soak', 'Random requests, drafts and aborts: no leak, no stall.', () => import('./stress/soak.ts')),
  bench('big', 'A model of more than one 32-bit memory: plan, speed and peak memory.', () => import('./speed/big.ts')),
  bench(
    'invariance',
    'The same ids and logits, to the bit, under several Node versions.',
    () => import('./stress/invariance.ts'),
  ),
  bench(
    'pipeline',
    'Speculation policies on an emulated pipeline, and what the cycle model allows.',
    () => import('./pipeline/table.ts'),
  ),
  bench(
    'sweep',
    'The policies in thousands of random emulated settings, and where they fall short most.',
    () => import('./pipeline/sweep.ts'),
  ),
  bench('tracing', 'What taking a trace costs where tokens are fastest.', () => import('./speed/tracing.ts')),
  entry(
    'trace-picture',
    "Records README's picture: a plain run and one with guesses.",
    () => import('./record/trace-picture/picture.ts'),
  ),
  bench(
    'speculation',
    'Speculation policies beside plain decoding with real kernels, models and texts.',
    () => import('./speed/speculation/speculation.ts'),
  ),
  bench('kernels', 'Matrix products of every weight type beside the memory limit.', () => import('./speed/kernels.ts')),
  entry(
    'parity',
    "Records llama.cpp's figures for small models of every architecture, for the tests.",
    () => import('./record/parity.ts'),
  ),
  entry(
    'keys',
    'What llama.cpp and tsinfer make of every metadata key, changed one at a time.',
    () => import('./record/keys/keys.ts'),
  ),
  bench(
    'loaded',
    'Decode speed of engines beside a program that keeps a core busy.',
    () => import('./peers/loaded.ts'),
  ),
  entry('tokens', 'Records the ids of llama.cpp for awkward texts, for the tests.', () => import('./record/tokens.ts')),
  entry('readme', "Writes README's table of speeds from docs/benchmarks.", () => import('./record/readme.ts')),
  bench('peers', 'Speed beside other engines on the same files, in turns.', () => import('./peers/peers.ts')),
]
