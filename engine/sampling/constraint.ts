// What may end or narrow a choice beyond the model itself. Runs in the conductor, advances only with accepted tokens.
import type { TokenId } from '../domain.ts'

export interface TokenConstraint {
  /** One bit per token id, 1 = allowed, for the next token; undefined allows all. Valid until the next `accept`. */
  mask?(): Uint32Array | undefined
  /** The token is final; `stop` ends the choice after it. */
  accept(token: TokenId): 'continue' | 'stop'
}
