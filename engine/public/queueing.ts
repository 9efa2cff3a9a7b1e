// Whose turn it is when requests wait for each other. Types only.
import type { Priority } from '../domain.ts'

export type { Priority } from '../domain.ts'

export interface QueueOptions {
  /**
   * Whom the request is for, such as a user's name: 1 to 256 characters. What there is is shared between clients, however
   * many requests each of them has. What is in KV cells is shared between requests of one client only. Default: requests that name nobody are those of one client.
   */
  readonly client?: string
  /** `batch`: nobody waits for it, so it comes after what is interactive, but never to a standstill. Default interactive. */
  readonly priority?: Priority
}
