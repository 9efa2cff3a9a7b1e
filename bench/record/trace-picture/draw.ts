// Two runs of the same request as an SVG picture on one time axis: plain above, with guesses below. Pure.
import type { Bar, Emission, TracedRun } from './traced-run.ts'

export interface Picture {
  readonly plain: TracedRun
  readonly guessing: TracedRun
  /** How much of the runs is shown. */
  readonly ms: number
  /** What was recorded, in lines. */
  readonly caption: readonly string[]
}

const WIDTH = 900
const LEFT = 88
const RIGHT = WIDTH - 14
const ROW = 24
const BAR = 20
const TITLE = 30
const PILL = 30

/** Dark where the reader's system is; the background goes with it, so that both stay readable on any page. */
const STYLE = `
text{font:12px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;fill:#1f2328}
.bg{fill:#fff;stroke:#d0d7de}.row{fill:#f2f4f7}.grid{stroke:#d8dee4}.dim{fill:#59636e}.line{stroke:#59636e;stroke-dasharray:2 3}
.title{font-size:14px;font-weight:700}.end{text-anchor:end}.mid{text-anchor:middle}
.on{text-anchor:middle;font-weight:600;fill:#fff}
.prompt{fill:#6e7781}.token{fill:#1f6feb}.guess{fill:#b35900}
.vain{fill:none;stroke:#b35900;stroke-dasharray:3 2}.vain-text{text-anchor:middle;fill:#b35900}
.cut{stroke:#cf222e;stroke-width:2.5}.bad{fill:#cf222e;font-weight:600}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}.bg{fill:#0d1117;stroke:#3d444d}.row{fill:#161b22}.grid{stroke:#2a313a}.dim{fill:#9198a1}.line{stroke:#9198a1}
.on{fill:#fff}.vain{stroke:#e09b4a}.vain-text{fill:#e09b4a}.cut{stroke:#ff6b64}.bad{fill:#ff6b64}
}
`

type Place = (ms: number) => number

interface Panel {
  readonly run: TracedRun
  readonly top: number
  readonly title: string
  readonly words: string
}

/** The picture of two runs. */
export function drawRuns({ plain, guessing, ms, caption }: Picture): string {
  const x: Place = (at) => LEFT + (Math.min(at, ms) / ms) * (RIGHT - LEFT)
  const above: Panel = {
    ...{ run: plain, top: 0, title: 'Plain' },
    words: 'a token can enter stage 1 only when the one before it has left the last stage',
  }
  const below: Panel = {
    ...{ run: guessing, top: heightOf(above) + 14, title: 'Guessing ahead' },
    words: 'a small model guesses what comes next (1? 2? ...); the stages check the guesses on the way',
  }
  const foot = below.top + heightOf(below)
  const height = foot + 32 + caption.length * 17
  const parts = [
    ...drawPanel(above, ms, x),
    ...drawPanel(below, ms, x),
    ...roundTimes(ms).map((at) => text(x(at), foot + 14, 'dim mid', at === 0 ? '0' : `${at} ms`)),
    ...caption.map((line, index) => text(LEFT, foot + 40 + index * 17, 'dim', line)),
  ]
  const size = `viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">
<title>The same answer, plainly and with guesses, on the same stages</title>
<style>${STYLE}</style>
<rect class="bg" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="6"/>
${parts.join('\n')}
</svg>
`
}

/** The drafter if there is one, then the stages, from top to bottom. */
function rowsOf({ stages, drafter }: TracedRun): { readonly label: string; readonly bars: readonly Bar[] }[] {
  const rows = stages.map((bars, stage) => ({ label: `stage ${stage + 1}`, bars }))
  return drafter.length === 0 ? rows : [{ label: 'small model', bars: drafter }, ...rows]
}

/** Under the rows is another for what came out. */
const heightOf = ({ run }: Panel): number => TITLE + (rowsOf(run).length + 1) * ROW

function drawPanel({ run, top, title, words }: Panel, ms: number, x: Place): string[] {
  const rows = rowsOf(run)
  const first = top + TITLE
  const bottom = first + rows.length * ROW
  const seen = run.emissions.filter(({ atMs }) => atMs <= ms)
  const parts = [
    ...roundTimes(ms).map((at) => line(x(at), first, bottom + ROW, 'grid')),
    `<text x="10" y="${top + 20}"><tspan class="title">${title}</tspan><tspan dx="8" class="dim">${words}</tspan></text>`,
    text(RIGHT, top + 20, 'title end', `${seen.length} tokens in ${(ms / 1000).toFixed(1)} s`),
  ]
  for (const [index, { label, bars }] of rows.entries()) {
    const y = first + index * ROW
    parts.push(text(10, y + 15, '', label), rect(LEFT, y, RIGHT - LEFT, BAR, 'row'))
    parts.push(...bars.filter(({ fromMs }) => fromMs < ms).flatMap((bar) => drawBar(bar, y, x)))
  }
  parts.push(text(10, bottom + 15, '', 'text'))
  for (const emission of seen) parts.push(...drawEmission(emission, first, bottom, x))
  return parts
}

function drawBar({ token, isGuess, isInVain, isWithdrawn, fromMs, toMs }: Bar, y: number, x: Place): string[] {
  const [left, right] = [x(fromMs), x(toMs)]
  const kind = isInVain ? 'vain' : isGuess ? 'guess' : token === 0 ? 'prompt' : 'token'
  const parts = [rect(left + 0.75, y, right - left - 1.5, BAR, kind)]
  if (token === 0) {
    if (left > LEFT + 50) parts.push(text(left - 5, y + 14.5, 'dim end', 'prompt'))
  } else if (right - left > 20) {
    parts.push(text((left + right) / 2, y + 14.5, isInVain ? 'vain-text' : 'on', isGuess ? `${token}?` : `${token}`))
  }
  if (isWithdrawn) parts.push(line(right, y - 1, y + BAR + 1, 'cut'))
  return parts
}

/** A token comes out under the stages; where it was not guessed, only now can it enter the first of them. */
function drawEmission({ token, atMs, verdict }: Emission, first: number, bottom: number, x: Place): string[] {
  const wasGuessed = verdict === 'accepted'
  const left = Math.min(x(atMs), RIGHT - PILL)
  const pill = [
    rect(left, bottom, PILL, BAR, wasGuessed ? 'guess' : 'token', 10),
    text(left + PILL / 2, bottom + 14.5, 'on', wasGuessed ? `${token} ✓` : `${token}`),
  ]
  if (wasGuessed) return pill
  if (verdict === 'unguessed') return [line(left, first, bottom, 'line'), ...pill]
  return [
    line(left, first, bottom, 'cut'),
    ...pill,
    text(left + 6, bottom - ROW + 14.5, 'bad', `${token}? withdrawn`),
    text(left + PILL + 4, bottom + 14.5, 'bad', 'wrong guess'),
  ]
}

/** Where the lines of round times are; they are labelled below the lower run. */
const roundTimes = (ms: number): number[] => Array.from({ length: Math.floor(ms / 200) + 1 }, (_, index) => index * 200)

const rect = (x: number, y: number, width: number, height: number, kind: string, round = 3): string =>
  `<rect class="${kind}" x="${x.toFixed(1)}" y="${y}" width="${Math.max(0, width).toFixed(1)}" height="${height}" rx="${round}"/>`

const line = (x: number, from: number, to: number, kind: string): string =>
  `<path class="${kind}" d="M${x.toFixed(1)} ${from}V${to}"/>`

const text = (x: number, y: number, kind: string, words: string): string =>
  `<text class="${kind}" x="${x.toFixed(1)}" y="${y}">${words}</text>`
