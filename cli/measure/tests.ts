// What `tsinfer bench` is asked to measure, as llama-bench reads the same options. Pure.
import { TsinferError } from '../../engine/errors.ts'

/** A prompt, a generation, or one after the other, behind `depth` tokens that are there already. */
export interface BenchTest {
  readonly promptTokens: number
  readonly generatedTokens: number
  readonly depth: number
}

interface AskedLengths {
  readonly prompts?: readonly number[]
  readonly generated?: readonly number[]
  /** Prompt and generated, in turns. */
  readonly pairs?: readonly number[]
  readonly depths?: readonly number[]
}

const PROMPTS = [128, 512]
const GENERATED = [64]

/** Every length at every depth: prompts, generations, pairs; of no tokens there is nothing to measure. */
export function benchTests({
  prompts = PROMPTS,
  generated = GENERATED,
  pairs = [],
  depths = [0],
}: AskedLengths): BenchTest[] {
  if (generated.includes(1)) {
    throw new TsinferError('option_invalid', 'generated: expected at least 2 tokens to time, found 1')
  }
  const both = Array.from({ length: pairs.length / 2 }, (_, i) => [pairs[2 * i]!, pairs[2 * i + 1]!] as const)
  const lengths = [...prompts.map((n) => [n, 0] as const), ...generated.map((n) => [0, n] as const), ...both]
  return depths.flatMap((depth) =>
    lengths
      .filter(([prompt, generation]) => prompt + generation > 0)
      .map(([promptTokens, generatedTokens]) => ({ promptTokens, generatedTokens, depth })),
  )
}

/** `pp512`, `tg64`, `pp512+tg64`, `tg64 @ d512`. */
export function testName({ promptTokens, generatedTokens, depth }: BenchTest): string {
  const parts = [promptTokens > 0 ? `pp${promptTokens}` : '', generatedTokens > 0 ? `tg${generatedTokens}` : '']
  return parts.filter((part) => part !== '').join('+') + (depth > 0 ? ` @ d${depth}` : '')
}

/** Positions that a test takes: a prompt is followed by one token, a generation begins after one. */
export const positionsOf = ({ promptTokens, generatedTokens, depth }: BenchTest): number =>
  depth + promptTokens + generatedTokens + 1

/** Throws `prompt_too_long` for a test that does not fit in `context` positions. */
export function checkFits(tests: readonly BenchTest[], context: number): void {
  const long = tests.find((test) => positionsOf(test) > context)
  if (long === undefined) return
  const found = `${testName(long)}, which needs ${positionsOf(long)}`
  throw new TsinferError('prompt_too_long', `bench: expected tests that fit in a context of ${context}, found ${found}`)
}
