// A bar on standard error while a model loads; nothing where that is no terminal, or when loading is quick.
import { note } from './output.ts'

const BAR_CELLS = 30
const QUIET_MS = 300
const STEP_MS = 50

export interface Progress {
  update(fraction: number): void
  /** Removes the bar. */
  end(): void
}

export function startProgress(label: string, isTerminal: boolean = process.stderr.isTTY === true): Progress {
  let drawnMs = performance.now() + QUIET_MS - STEP_MS
  let isShown = false
  return {
    update(fraction) {
      if (!isTerminal || performance.now() - drawnMs < STEP_MS) return
      drawnMs = performance.now()
      isShown = true
      note(`\r${bar(label, fraction)}`)
    },
    end() {
      if (isShown) note('\r\u001b[K')
      isShown = false
    },
  }
}

/** `label [######      ]  50 %`. */
export function bar(label: string, fraction: number): string {
  const share = Math.min(1, Math.max(0, fraction))
  const full = Math.round(share * BAR_CELLS)
  return `${label} [${'#'.repeat(full)}${' '.repeat(BAR_CELLS - full)}] ${String(Math.round(share * 100)).padStart(3)} %`
}
