// What a terminal understands and its user wants, from the environment. Pure.

export interface TerminalAbilities {
  /** Moves the cursor, erases, tells pastes from typing: everything but TERM=dumb. */
  readonly moves: boolean
  /** Shows dim text: not with NO_COLOR (no-color.org: set to anything but nothing). */
  readonly styles: boolean
}

export function terminalAbilities({ TERM, NO_COLOR = '' }: NodeJS.ProcessEnv): TerminalAbilities {
  const moves = TERM !== 'dumb'
  return { moves, styles: moves && NO_COLOR === '' }
}
