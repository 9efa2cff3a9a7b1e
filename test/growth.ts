// How work grows with its size, for tests of what must be near-linear: two sizes beside each other on the same machine, so
// that neither its speed nor what else runs there matters.
import * as assert from 'uvu/assert'

const FACTOR = 8
/** Linear work grows by the factor, quadratic work by its square. */
const GROWTH_MAX = 24
/** Less than this is noise. */
const NOISE_MS = 10

/** Fails where `work` on `size` items takes much more than eight times the processor time of an eighth of them. */
export function assertNearLinear(work: (size: number) => void, size: number, message: string): void {
  const small = Math.min(...Array.from({ length: 3 }, () => processorMs(() => work(size / FACTOR))))
  const isFine = () => processorMs(() => work(size)) <= Math.max(small, NOISE_MS) * GROWTH_MAX
  // Once more, since a processor shared with others is not always as fast.
  assert.ok(isFine() || isFine(), `${message}: ${FACTOR} times the size takes more than ${GROWTH_MAX} times as long`)
}

function processorMs(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
