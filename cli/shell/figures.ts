// Numbers and records as people and scripts read them. Pure.
import { printable } from '../../engine/quoted.ts'

/** `itlMsP50` -> `itl_ms_p50`. */
export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** The record with its own keys in snake case. */
export function snakeKeys(record: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [snakeCase(key), value]))
}

/** Two decimals for fractions; null, undefined and empty lists as a dash; texts on one line. */
export function shownFigure(value: unknown): string {
  if (value === null || value === undefined) return '-'
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(shownFigure).join(' ')
  if (typeof value === 'number' && !Number.isInteger(value)) return String(Number(value.toFixed(2)))
  return printable(String(value))
}

/** `name: value` lines. */
export const listing = (record: object): string =>
  Object.entries(record)
    .map(([name, value]) => `${printable(name)}: ${shownFigure(value)}\n`)
    .join('')

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** `1.2 GiB`. */
export function shownBytes(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${UNITS[unit]}`
}

/** `1.24 B`, `260 K`: how parameters are counted. */
export function shownCount(count: number): string {
  for (const [unit, size] of [
    ['B', 1e9],
    ['M', 1e6],
    ['K', 1e3],
  ] as const) {
    if (count >= size) return `${(count / size).toPrecision(3)} ${unit}`
  }
  return String(count)
}

/** The shortest decimal that rounds to the same 32-bit float. */
export function shownFloat32(value: number): string {
  for (let digits = 1; digits < 10; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return String(short)
  }
  return String(value)
}

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Sample standard deviation; 0 for a single value. */
export function deviation(values: readonly number[]): number {
  if (values.length < 2) return 0
  const average = mean(values)
  const squares = values.reduce((sum, value) => sum + (value - average) * (value - average), 0)
  return Math.sqrt(squares / (values.length - 1))
}
