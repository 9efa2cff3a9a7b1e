// What may end or narrow a choice beyond the model itself. Runs in the conductor, advances only with accepted tokens.
import type { TokenId } from '../domain.ts'

/** Which tokens may come next; both say the same. Valid until the next token is accepted. */
export interface TokenFilter {
  allows(token: TokenId): boolean
  /** Whether the mask is there: it may take time. */
  readonly isPrepared: boolean
  /** One bit per token id, 1 = allowed. */
  mask(): Uint32Array
}

export interface TokenConstraint {
  /** The token is final; `stop` ends the choice after it. */
  accept(token: TokenId): 'continue' | 'stop'
}
