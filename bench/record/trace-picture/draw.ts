// A stretch of a trace as an SVG picture: a strip per thread, a bar per micro-batch, verdicts as marks, cancellations as
// arrows. Pure.

/** What a picture needs of Chrome's trace events; others may be in the list. */
export interface TraceEvent {
  readonly ph: string
  readonly name?: string
  readonly cat?: string
  readonly id?: string | number
  readonly pid: number
  readonly tid?: number
  /** Microseconds. */
  readonly ts?: number
  readonly dur?: number
  readonly args?: Readonly<Record<string, unknown>>
}

/** Milliseconds of the trace. */
export interface Stretch {
  readonly fromMs: number
  readonly ms: number
}

const WIDTH = 1200
const LABELS = 130
const STRIP = 34
const GAP = 8
const TOP = 34
const CONDUCTOR = 1
const VERDICTS = 2
const CANCELS = 3

/** Fill of a bar by what the micro-batch is for. */
const BARS: Readonly<Record<string, string>> = {
  prefill: '#9aa5b1',
  decode: '#2f6db3',
  verify: '#e09f3e',
  draft: '#7b5ea7',
}
const CANCELLED = '#c8c8c8'
const MARKS: Readonly<Record<string, string>> = { token: '#2f6db3', accepted: '#3a8f4d', rejected: '#c2402e' }
const STYLE =
  'text{font:12px sans-serif;fill:#222}.s{font-size:10px;fill:#fff}.d{font-size:10px;fill:#666}' +
  `.c{fill:${CANCELLED};stroke:#c2402e;stroke-dasharray:3 2}.a{stroke:#c2402e;fill:none}`

interface Strip {
  readonly label: string
  readonly pid: number
  readonly tid: number
  readonly y: number
}

type Place = (ts: number) => number

/** The picture of `stretch`. Throws where there is nothing to see in it. */
export function drawTrace(events: readonly TraceEvent[], { fromMs, ms }: Stretch): string {
  const [fromUs, toUs] = [fromMs * 1000, (fromMs + ms) * 1000]
  const isSeen = ({ ts, dur = 0 }: TraceEvent) => ts !== undefined && ts + dur > fromUs && ts < toUs
  const x: Place = (ts) =>
    LABELS + ((Math.min(toUs, Math.max(fromUs, ts)) - fromUs) / (toUs - fromUs)) * (WIDTH - LABELS)
  const strips = stripsOf(events)
  const seen = events.filter(isSeen)
  if (!seen.some(({ ph, pid }) => ph === 'X' && pid !== CONDUCTOR)) throw new Error('nothing was computed there')
  const height = strips.at(-1)!.y + STRIP + 26
  const parts = [
    ...strips.map(({ label, y }) => `<text x="4" y="${y + STRIP / 2 + 4}">${label}</text>`),
    ...strips.map(({ y }) => rect(LABELS, y, WIDTH - LABELS, STRIP, 'fill="#f4f4f2"')),
    ...seen.filter(({ ph }) => ph === 'X').flatMap((event) => drawSpan(event, strips, x)),
    ...arrows(seen, strips, x),
    ...ticks(fromMs, ms, height, x),
    ...legend(),
  ]
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"><title>Trace of a pipeline</title>`
  const arrowHead =
    '<marker id="h" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" markerHeight="6" orient="auto">' +
    '<path d="M0 0L6 3L0 6z" fill="#c2402e"/></marker>'
  const background = `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`
  return `${head}\n<style>${STYLE}</style><defs>${arrowHead}</defs>${background}\n${parts.join('\n')}\n</svg>\n`
}

/** The conductor's verdicts and cancellations, then every lane that has a name, target first. */
function stripsOf(events: readonly TraceEvent[]): Strip[] {
  const named = events.filter(({ ph, name }) => ph === 'M' && name === 'thread_name')
  const shown = named.filter(({ pid, tid }) => pid !== CONDUCTOR || tid === VERDICTS || tid === CANCELS)
  const processes = new Map(
    events.filter(({ name }) => name === 'process_name').map(({ pid, args }) => [pid, String(args?.name)]),
  )
  const order = shown.toSorted((a, b) => a.pid - b.pid || a.tid! - b.tid!)
  return order.map(({ pid, tid, args }, index) => {
    const label = pid === CONDUCTOR ? String(args?.name) : `${processes.get(pid)} ${shortLane(String(args?.name))}`
    return { label, pid, tid: tid!, y: TOP + index * (STRIP + GAP) }
  })
}

const shortLane = (name: string): string => name.replace(/^stage (\d+) lane (\d+)$/, '$1.$2')

const rect = (x: number, y: number, width: number, height: number, rest: string): string =>
  `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${height}" ${rest}/>`

function drawSpan(event: TraceEvent, strips: readonly Strip[], x: Place): string[] {
  const { pid, tid, name = '', ts = 0, dur = 0, args } = event
  const strip = strips.find((one) => one.pid === pid && one.tid === tid)
  if (!strip) return []
  const { y } = strip
  if (pid === CONDUCTOR) {
    const color = MARKS[name] ?? '#c2402e'
    return [rect(x(ts), y + 4, 2.5, STRIP - 8, `fill="${color}"`)]
  }
  const [left, right] = [x(ts), x(ts + dur)]
  const width = Math.max(1, right - left - 0.6)
  const purpose = name.split(' ')[0]!
  const kind = args?.cancelled ? 'class="c"' : `fill="${BARS[purpose] ?? '#888'}"`
  const bar = rect(left, y + 3, width, STRIP - 6, kind)
  if (width < 16) return [bar]
  const style = args?.cancelled ? 'd' : 's'
  return [
    bar,
    `<text class="${style}" x="${(left + 3).toFixed(1)}" y="${y + STRIP / 2 + 4}">${String(args?.rows)}</text>`,
  ]
}

/** From a cancellation to what it stopped. */
function arrows(seen: readonly TraceEvent[], strips: readonly Strip[], x: Place): string[] {
  const starts = new Map(seen.filter(({ ph, cat }) => ph === 's' && cat === 'cancel').map((event) => [event.id, event]))
  return seen.flatMap((end) => {
    const start = end.ph === 'f' ? starts.get(end.id) : undefined
    const from = strips.find(({ pid, tid }) => pid === CONDUCTOR && tid === CANCELS)
    const to = strips.find(({ pid, tid }) => pid === end.pid && tid === end.tid)
    if (!start || !from || !to) return []
    const [x1, x2] = [x(start.ts!), x(end.ts!)].map((at) => at.toFixed(1))
    return [`<path class="a" marker-end="url(#h)" d="M${x1} ${from.y + STRIP - 4}L${x2} ${to.y + 4}"/>`]
  })
}

function ticks(fromMs: number, ms: number, height: number, x: Place): string[] {
  const step = [5, 10, 20, 50, 100, 200, 500].find((one) => ms / one <= 12) ?? 1000
  const parts: string[] = []
  for (let at = Math.ceil(fromMs / step) * step; at < fromMs + ms; at += step) {
    const left = x(at * 1000).toFixed(1)
    parts.push(`<path stroke="#bbb" stroke-dasharray="1 3" d="M${left} ${TOP}V${height - 20}"/>`)
    parts.push(`<text class="d" x="${left}" y="${height - 6}">${at - Math.ceil(fromMs / step) * step} ms</text>`)
  }
  return parts
}

function legend(): string[] {
  const entries = [
    ...Object.entries(BARS).map(([name, color]) => [name, `fill="${color}"`] as const),
    ['cancelled', 'class="c"'] as const,
    ...Object.entries(MARKS).map(([name, color]) => [`verdict: ${name}`, `fill="${color}"`] as const),
  ]
  let left = LABELS
  return entries.flatMap(([name, fill]) => {
    const at = left
    left += 34 + name.length * 6.6
    return [rect(at, 10, 12, 12, fill), `<text x="${(at + 17).toFixed(1)}" y="20">${name}</text>`]
  })
}
