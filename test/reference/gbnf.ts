// Grammars as plain trees: how they are written in GBNF, and which texts they have, found by trying every way.
import type { Random } from '../../bench/forge/random.ts'

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  /** Single characters. */
  | { readonly kind: 'class'; readonly of: string; readonly isNegated: boolean }
  | { readonly kind: 'any' }
  | { readonly kind: 'rule'; readonly name: string }
  | { readonly kind: 'sequence' | 'either'; readonly of: readonly Part[] }
  | { readonly kind: 'repeat'; readonly body: Part; readonly least: number; readonly most: number }

export type Parts = Readonly<Record<string, Part>>

/** Every character that is not plain is written in one of the ways there are. */
function escaped(character: string): string {
  const code = character.codePointAt(0)!
  if (/[a-zA-Z0-9 ]/.test(character)) return character
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`
  return code < 0x3100 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`
}
const spelled = (text: string): string => Array.from(text, escaped).join('')

function countOf(least: number, most: number): string {
  if (most === Number.POSITIVE_INFINITY) return least === 0 ? '*' : least === 1 ? '+' : `{${least},}`
  return least === 0 && most === 1 ? '?' : least === most ? `{${least}}` : `{${least},${most}}`
}

function written(part: Part): string {
  switch (part.kind) {
    case 'text':
      return `"${spelled(part.text)}"`
    case 'class':
      return `[${part.isNegated ? '^' : ''}${spelled(part.of)}]`
    case 'any':
      return '.'
    case 'rule':
      return part.name
    case 'sequence':
      return `(${part.of.map(written).join(' ')})`
    case 'either':
      return `( # either\n ${part.of.map(written).join(' |\n ')})`
    case 'repeat':
      return `${written(part.body)}${countOf(part.least, part.most)}`
  }
}

/** The grammar in GBNF. */
export const writtenGbnf = (parts: Parts): string =>
  Object.entries(parts)
    .map(([name, part]) => `${name} ::= ${written(part)}\n`)
    .join('# a rule\n')

/** Whether a text is one of `root`; slow. */
export function hasText(parts: Parts, text: string): boolean {
  const characters = Array.from(text)
  const known = new Map<string, ReadonlySet<number>>()
  /** Where a part that begins at a place may end. */
  const ends = (part: Part, from: number): ReadonlySet<number> => {
    switch (part.kind) {
      case 'text': {
        const wanted = Array.from(part.text)
        return new Set(wanted.every((one, i) => one === characters[from + i]) ? [from + wanted.length] : [])
      }
      case 'any':
        return new Set(from < characters.length ? [from + 1] : [])
      case 'class':
        return new Set(
          from < characters.length && part.of.includes(characters[from]!) !== part.isNegated ? [from + 1] : [],
        )
      case 'rule': {
        const name = `${part.name} ${from}`
        const found = known.get(name) ?? ends(parts[part.name]!, from)
        known.set(name, found)
        return found
      }
      case 'either':
        return new Set(part.of.flatMap((one) => [...ends(one, from)]))
      case 'sequence':
        return part.of.reduce<ReadonlySet<number>>((at, one) => after(one, at), new Set([from]))
      case 'repeat': {
        let at: ReadonlySet<number> = new Set([from])
        for (let i = 0; i < part.least; i++) at = after(part.body, at)
        const all = new Set(at)
        for (let i = part.least; i < Math.min(part.most, part.least + characters.length); i++) {
          at = after(part.body, at)
          for (const one of at) all.add(one)
        }
        return all
      }
    }
  }
  const after = (part: Part, at: ReadonlySet<number>): ReadonlySet<number> =>
    new Set([...at].flatMap((from) => [...ends(part, from)]))
  return ends(parts.root!, 0).has(characters.length)
}

const LEVELS = 24

/** A random text of `root`; undefined where it goes too deep. */
export function randomText(parts: Parts, random: Random, others: string): string | undefined {
  const make = (part: Part, level: number): string => {
    if (level > LEVELS) throw new RangeError('too deep')
    switch (part.kind) {
      case 'text':
        return part.text
      case 'any':
        return random.pick(Array.from(others))
      case 'class':
        return random.pick(Array.from(others).filter((one) => part.of.includes(one) !== part.isNegated))
      case 'rule':
        return make(parts[part.name]!, level + 1)
      case 'either':
        return make(random.pick(part.of), level + 1)
      case 'sequence':
        return part.of.map((one) => make(one, level + 1)).join('')
      case 'repeat': {
        const times = part.least + random.int(0, Math.min(2, part.most - part.least))
        return Array.from({ length: times }, () => make(part.body, level + 1)).join('')
      }
    }
  }
  try {
    return make(parts.root!, 0)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
