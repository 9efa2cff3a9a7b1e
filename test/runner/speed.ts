// How slow this machine is, so that what bounds work by time bounds it by the same work everywhere.

const STEPS = 30_000_000
/** What the steps below take on a processor of 2023. */
const REFERENCE_MS = 40

/** How many times slower than the reference this machine computes, at least 1. Takes some tenths of a second. */
export function slowness(): number {
  const before = process.cpuUsage()
  let x = 1
  for (let i = 0; i < STEPS; i++) x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d + i) | 0
  const { user, system } = process.cpuUsage(before)
  // The sum is used, or nothing would have to be computed.
  return Math.max(1, (user + system) / 1000 / REFERENCE_MS, x === 0 ? 1 : 0)
}
