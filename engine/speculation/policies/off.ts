// Plain decoding, as long as `auto` finds nothing better.
import type { Policy } from './policy.ts'

export const off: Policy = {
  name: 'off',
  asks: 'never',
  waits: false,
  retries: 'never',
  goesAlong: () => false,
  isTimeToSend: () => false,
  worth: ({ path }) => path,
  select: (pending) => pending,
}
