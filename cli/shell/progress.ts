// A bar on standard error while a model loads; nothing where that is no terminal that moves its cursor, or when loading is
// quick. It has a line of its own: nothing that stands on the screen is written over or erased.
import { note } from './output.ts'
import { terminalAbilities } from './terminal-abilities.ts'

const BAR_CELLS_MAX = 30
/** A shorter bar says less than its number. */
const BAR_CELLS_LEAST = 3
const COLUMNS_USUAL = 80
const QUIET_MS = 300
const STEP_MS = 50

export interface Progress {
  update(fraction: number): void
  /** Removes the bar. */
  end(): void
}

/** Where a bar may be drawn. */
interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
}

export function startProgress(label: string, screen: Screen = process.stderr): Progress {
  const isDrawn = screen.isTTY === true && terminalAbilities(process.env).moves
  let drawnMs = performance.now() + QUIET_MS - STEP_MS
  let isShown = false
  return {
    update(fraction) {
      if (!isDrawn || performance.now() - drawnMs < STEP_MS) return
      drawnMs = performance.now()
      const columns = screen.columns || COLUMNS_USUAL
      note((isShown ? '' : ownLine(columns)) + drawing(bar(label, fraction, columns)))
      isShown = true
    },
    end() {
      if (isShown) note(drawing(''))
      isShown = false
    },
  }
}

/** From the middle of a line to the beginning of the next, from the beginning of a line nowhere: a row of blanks wraps. */
const ownLine = (columns: number): string => `${' '.repeat(columns)}\r`

/** Puts `text` in place of the line. */
const drawing = (text: string): string => `\r\u001b[K${text}`

/** `label [######      ]  50 %`, shorter on a narrow terminal, and always shorter than a line: a full one would wrap. */
export function bar(label: string, fraction: number, columns: number = COLUMNS_USUAL): string {
  const share = Math.min(1, Math.max(0, fraction))
  const percent = `${String(Math.round(share * 100)).padStart(3)} %`
  const cells = Math.min(BAR_CELLS_MAX, columns - 1 - `${label} [] ${percent}`.length)
  if (cells < BAR_CELLS_LEAST) return `${label} ${percent}`.slice(0, Math.max(0, columns - 1))
  const full = Math.round(share * cells)
  return `${label} [${'#'.repeat(full)}${' '.repeat(cells - full)}] ${percent}`
}
