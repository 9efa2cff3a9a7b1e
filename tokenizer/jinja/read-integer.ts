// Python's `int(text, base)`.
import type { Budget } from './budget.ts'

const FORM = /^([-+]?)(?:(0[xob])_?)?([\da-z]+(?:_[\da-z]+)*)$/i
const RADIX: Readonly<Record<string, number>> = { '0x': 16, '0o': 8, '0b': 2 }
const BITS_PER_DIGIT = 6

/** The integer that a text stands for in a base from 2 to 36, or in that of its prefix (0); else undefined. */
export function integerOf(text: string, base: number, budget: Budget): bigint | undefined {
  budget.scan(text.length)
  const [, sign, mark, digits = ''] = FORM.exec(text) ?? []
  if (sign === undefined) return undefined
  const prefix = mark?.toLowerCase() ?? ''
  const named = RADIX[prefix]
  const isMarked = named !== undefined && (base === 0 || base === named)
  const radix = base === 0 ? (named ?? 10) : base
  // Where it marks nothing, a prefix is digits.
  const plain = ((isMarked ? '' : prefix) + digits).replaceAll('_', '').toLowerCase()
  if (!(radix >= 2 && radix <= 36) || (base === 0 && !isMarked && /^0+[1-9]/.test(plain))) return undefined
  for (const digit of plain) if (!(Number.parseInt(digit, 36) < radix)) return undefined
  budget.integer(plain.length)
  budget.digits(plain.length * BITS_PER_DIGIT)
  const size = read(plain, radix, budget)
  return sign === '-' ? -size : size
}

function read(digits: string, radix: number, budget: Budget): bigint {
  if (radix === 10) return BigInt(digits)
  // A multiplication for each digit.
  budget.spend(digits.length)
  let size = 0n
  for (const digit of digits) size = size * BigInt(radix) + BigInt(Number.parseInt(digit, 36))
  return size
}
