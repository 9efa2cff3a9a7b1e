// A local time in words, as Python's `strftime` writes it in the C locale. The time has no zone.
import type { Budget } from './budget.ts'
import { replaceMatches } from './python-text.ts'
import { TemplateFault, told } from './values.ts'

/** Fields of a clock on the wall. */
export interface LocalTime {
  readonly year: number
  /** From 1. */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly microsecond: number
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

const isLeap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
const daysInMonth = (year: number, month: number): number => (month === 2 && isLeap(year) ? 29 : MONTH_DAYS[month - 1]!)

/** From 0. */
const dayOfYear = ({ year, month, day }: LocalTime): number => {
  let days = day - 1
  for (let earlier = 1; earlier < month; earlier++) days += daysInMonth(year, earlier)
  return days
}

/** Days from 1 January of the year 1, a Monday, to 1 January of `year`. */
const daysBefore = (year: number): number => {
  const past = year - 1
  return past * 365 + Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400)
}

/** From Sunday = 0. */
const dayOfWeek = (time: LocalTime): number => (daysBefore(time.year) + dayOfYear(time) + 1) % 7

/** The year and week of ISO 8601. */
function isoWeek(time: LocalTime): readonly [year: number, week: number] {
  const weekday = (dayOfWeek(time) + 6) % 7
  const week = Math.floor((dayOfYear(time) - weekday + 10) / 7)
  if (week < 1) return [time.year - 1, weeksIn(time.year - 1)]
  return week > weeksIn(time.year) ? [time.year + 1, 1] : [time.year, week]
}

function weeksIn(year: number): number {
  const firstDay = (daysBefore(year) + 1) % 7
  return firstDay === 4 || (firstDay === 3 && isLeap(year)) ? 53 : 52
}

interface Field {
  readonly value: number | string
  /** Digits that a number is filled up to. */
  readonly width: number
  readonly fill: '0' | ' '
}

const digits = (value: number, width = 2, fill: '0' | ' ' = '0'): Field => ({ value, width, fill })
const words = (value: string): Field => ({ value, width: 0, fill: ' ' })

/** Directives that stand for others. */
const COMPOUNDS: Readonly<Record<string, string>> = {
  c: '%a %b %e %H:%M:%S %Y',
  D: '%m/%d/%y',
  F: '%Y-%m-%d',
  r: '%I:%M:%S %p',
  R: '%H:%M',
  T: '%H:%M:%S',
  x: '%m/%d/%y',
  X: '%H:%M:%S',
  '+': '%a %b %e %H:%M:%S %Y',
}

const dayName = (time: LocalTime): string => DAYS[dayOfWeek(time)]!
const monthName = ({ month }: LocalTime): string => MONTHS[month - 1]!
/** `weekday`: days since the last one that begins a week. What comes before the first such day is week 0. */
const weekOfYear = (time: LocalTime, weekday: number): number => Math.floor((dayOfYear(time) + 7 - weekday) / 7)

const FIELDS: Readonly<Record<string, (time: LocalTime) => Field>> = {
  a: (time) => words(dayName(time).slice(0, 3)),
  A: (time) => words(dayName(time)),
  b: (time) => words(monthName(time).slice(0, 3)),
  h: (time) => words(monthName(time).slice(0, 3)),
  B: (time) => words(monthName(time)),
  C: ({ year }) => digits(Math.floor(year / 100)),
  d: ({ day }) => digits(day),
  e: ({ day }) => digits(day, 2, ' '),
  f: ({ microsecond }) => digits(microsecond, 6),
  g: (time) => digits(isoWeek(time)[0] % 100),
  G: (time) => digits(isoWeek(time)[0], 4),
  H: ({ hour }) => digits(hour),
  I: ({ hour }) => digits(hour % 12 || 12),
  j: (time) => digits(dayOfYear(time) + 1, 3),
  k: ({ hour }) => digits(hour, 2, ' '),
  l: ({ hour }) => digits(hour % 12 || 12, 2, ' '),
  m: ({ month }) => digits(month),
  M: ({ minute }) => digits(minute),
  n: () => words('\n'),
  p: ({ hour }) => words(hour < 12 ? 'AM' : 'PM'),
  P: ({ hour }) => words(hour < 12 ? 'am' : 'pm'),
  S: ({ second }) => digits(second),
  t: () => words('\t'),
  u: (time) => digits(dayOfWeek(time) || 7, 1),
  U: (time) => digits(weekOfYear(time, dayOfWeek(time))),
  V: (time) => digits(isoWeek(time)[1]),
  w: (time) => digits(dayOfWeek(time), 1),
  W: (time) => digits(weekOfYear(time, (dayOfWeek(time) + 6) % 7)),
  y: ({ year }) => digits(year % 100),
  Y: ({ year }) => digits(year, 4),
  z: () => words(''),
  Z: () => words(''),
  '%': () => words('%'),
}

const DIRECTIVE = /%([-_0^#]*)(\d{0,3})[EO]?(.)/gs

/** The text of `format`; a directive nobody knows stays as it is. Flags and widths are glibc's. */
export function strftime(format: string, time: LocalTime, budget: Budget): string {
  const written = ([all, flags = '', width = '', directive = '']: RegExpExecArray): string => {
    const compound = COMPOUNDS[directive]
    if (compound !== undefined) return strftime(compound, time, budget).padStart(Number(width))
    const found = FIELDS[directive]?.(time)
    if (found === undefined) return all
    const flag = flags.replaceAll(/[\^#]/g, '').at(-1)
    const fill = flag === '_' ? ' ' : flag === '0' ? '0' : found.fill
    const least = flag === '-' ? 0 : Number(width) || found.width
    const text = String(found.value).padStart(least, fill)
    return flags.includes('^') ? text.toUpperCase() : text
  }
  return replaceMatches(format, DIRECTIVE, written, budget)
}

const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6})\d*)?)?)?$/

/** Reads `2026-01-02T03:04:05`; time and seconds may be left out. Throws a `TemplateFault` for anything else. */
export function parseLocalTime(text: string): LocalTime {
  const fields = ISO.exec(text.trim())?.slice(1)
  if (fields !== undefined) {
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields.map((part) => Number(part ?? 0))
    const microsecond = Number((fields[6] ?? '').padEnd(6, '0'))
    const isDate = year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)
    if (isDate && hour < 24 && minute < 60 && second < 60)
      return { year, month, day, hour, minute, second, microsecond }
  }
  throw new TemplateFault(told`expected a local time such as 2026-01-02T03:04:05, found ${JSON.stringify(text)}`)
}
