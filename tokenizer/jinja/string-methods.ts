// The methods of Python's strings.
import { asInteger, asOptionalText, asText, type Method, type Methods, match, required } from './arguments.ts'
import type { Budget } from './budget.ts'
import { iterate } from './comparison.ts'
import {
  capitalized,
  characterCount,
  charactersBetween,
  find,
  occurrences,
  pad,
  replace,
  replaceMatches,
  type Side,
  SPACE,
  split,
  splitLines,
  splitRight,
  strip,
  titled,
} from './python-text.ts'
import { type Arguments, isTrue, TemplateFault, Tuple, told, typeName, type Value } from './values.ts'

type StringMethod = Method<string>

const plain =
  (name: string, change: (text: string, budget: Budget) => Value): StringMethod =>
  (self, args, budget) => {
    match(name, args, [])
    return change(self, budget)
  }

const stripping =
  (name: string, side: Side): StringMethod =>
  (self, args, budget) =>
    strip(self, asOptionalText(name, match(name, args, ['chars']).chars), budget, side)

const splitting =
  (name: string, cut: typeof split): StringMethod =>
  (self, args, budget) => {
    const { sep, maxsplit } = match(name, args, ['sep', 'maxsplit'])
    return cut(self, asOptionalText(name, sep), asInteger(name, maxsplit, -1), budget)
  }

const affix =
  (name: 'startswith' | 'endswith'): StringMethod =>
  (self, args, budget) => {
    const given = match(name, args, ['affix', 'start', 'end'])
    const from = asInteger(name, given.start ?? undefined, 0)
    const text = given.start === undefined ? self : window(self, from, endOf(name, given.end), budget)
    const affixes = given.affix instanceof Tuple ? given.affix.items : [required(name, 'prefix', given.affix)]
    return affixes.some((one) => {
      const part = asText(name, one)
      budget.spend()
      budget.look(Math.min(text.length, part.length))
      return name === 'startswith' ? text.startsWith(part) : text.endsWith(part)
    })
  }

/** `text[from:to]`, where both count from the end when negative. */
function window(text: string, from: number, to: number | undefined, budget: Budget): string {
  const length = characterCount(text, budget)
  const at = (index: number) => Math.min(index < 0 ? Math.max(0, index + length) : index, length)
  return charactersBetween(text, at(from), at(to ?? length), budget)
}

const endOf = (name: string, end: Value | undefined): number | undefined =>
  end === undefined || end === null ? undefined : asInteger(name, end)

const finding =
  (name: string, fromEnd: boolean, isStrict: boolean): StringMethod =>
  (self, args, budget) => {
    const { sub, start, end } = match(name, args, ['sub', 'start', 'end'])
    const part = asText(name, required(name, 'sub', sub))
    const to = endOf(name, end) ?? Number.POSITIVE_INFINITY
    const at = find(self, part, { from: asInteger(name, start ?? undefined, 0), to, fromEnd }, budget)
    if (at < 0 && isStrict) throw new TemplateFault('substring not found')
    return BigInt(at)
  }

const padding =
  (name: string, alignment: 'left' | 'right' | 'center'): StringMethod =>
  (self, args, budget) => {
    const { width, fillchar } = match(name, args, ['width', 'fillchar'])
    return pad(self, asInteger(name, required(name, 'width', width)), asText(name, fillchar, ' '), alignment, budget)
  }

const partition =
  (name: string, fromEnd: boolean): StringMethod =>
  (self, args, budget) => {
    const separator = asText(name, required(name, 'sep', match(name, args, ['sep']).sep))
    if (separator === '') throw new TemplateFault('empty separator')
    for (const at of occurrences(self, separator, budget, { most: 1, fromEnd })) {
      return new Tuple([self.slice(0, at), separator, self.slice(at + separator.length)])
    }
    return new Tuple(fromEnd ? ['', '', self] : [self, '', ''])
  }

/** Whether the text has characters, and none but those that the pattern is for. */
const all = (name: string, pattern: RegExp): StringMethod =>
  plain(name, (text, budget) => {
    budget.scan(text.length)
    return pattern.test(text)
  })

function replaceMethod(self: string, args: Arguments, budget: Budget): Value {
  const { old, new: replacement, count } = match('replace', args, ['old', 'new', 'count'])
  return replace(
    self,
    asText('replace', required('replace', 'old', old)),
    asText('replace', required('replace', 'new', replacement)),
    asInteger('replace', count, -1),
    budget,
  )
}

function joinMethod(self: string, args: Arguments, budget: Budget): Value {
  const items = iterate(required('join', 'iterable', match('join', args, ['iterable']).iterable), budget)
  let size = 0
  const texts = items.map((item, i) => {
    if (typeof item !== 'string') {
      throw new TemplateFault(told`sequence item ${i}: expected str instance, ${typeName(item)} found`)
    }
    size += item.length + self.length
    return item
  })
  budget.characters(size)
  return texts.join(self)
}

const removing =
  (name: 'removeprefix' | 'removesuffix'): StringMethod =>
  (self, args) => {
    const part = asText(name, required(name, 'affix', match(name, args, ['affix']).affix))
    if (name === 'removeprefix') return self.startsWith(part) ? self.slice(part.length) : self
    return part !== '' && self.endsWith(part) ? self.slice(0, -part.length) : self
  }

function zfill(self: string, args: Arguments, budget: Budget): Value {
  const width = asInteger('zfill', required('zfill', 'width', match('zfill', args, ['width']).width))
  const sign = /^[-+]?/.exec(self)![0]
  return sign + pad(self.slice(sign.length), width - sign.length, '0', 'right', budget)
}

function isCased(text: string, change: (text: string) => string, budget: Budget): boolean {
  budget.look(3 * text.length)
  return text === change(text) && text.toUpperCase() !== text.toLowerCase()
}

function count(self: string, args: Arguments, budget: Budget): Value {
  const part = asText('count', required('count', 'sub', match('count', args, ['sub']).sub))
  if (part === '') return BigInt(characterCount(self, budget) + 1)
  let found = 0n
  for (const _ of occurrences(self, part, budget)) found++
  return found
}

function swapCase(text: string, budget: Budget): string {
  budget.scan(text.length)
  return replaceMatches(
    text,
    /\p{Lu}+|\p{Ll}+/gu,
    ([run]) => (run === run.toUpperCase() ? run.toLowerCase() : run.toUpperCase()),
    budget,
  )
}

export const STRING_METHODS: Methods<string> = {
  capitalize: plain('capitalize', capitalized),
  casefold: plain('casefold', (text, budget) => {
    budget.look(3 * text.length)
    return text.toLowerCase().replaceAll('ß', 'ss')
  }),
  center: padding('center', 'center'),
  count,
  endswith: affix('endswith'),
  find: finding('find', false, false),
  index: finding('index', false, true),
  isalnum: all('isalnum', /^[\p{L}\p{N}]+$/u),
  isalpha: all('isalpha', /^\p{L}+$/u),
  isdecimal: all('isdecimal', /^\p{Nd}+$/u),
  isdigit: all('isdigit', /^[\p{Nd}\u00b2\u00b3\u00b9\u2070-\u2079\u2080-\u2089]+$/u),
  islower: plain('islower', (text, budget) => isCased(text, (inner) => inner.toLowerCase(), budget)),
  isnumeric: all('isnumeric', /^\p{N}+$/u),
  isspace: all('isspace', new RegExp(`^[${SPACE}]+$`)),
  istitle: plain('istitle', (text, budget) => /\p{L}/u.test(text) && titled(text, budget) === text),
  isupper: plain('isupper', (text, budget) => isCased(text, (inner) => inner.toUpperCase(), budget)),
  join: joinMethod,
  ljust: padding('ljust', 'left'),
  lower: plain('lower', (text) => text.toLowerCase()),
  lstrip: stripping('lstrip', 'left'),
  partition: partition('partition', false),
  removeprefix: removing('removeprefix'),
  removesuffix: removing('removesuffix'),
  replace: replaceMethod,
  rfind: finding('rfind', true, false),
  rindex: finding('rindex', true, true),
  rjust: padding('rjust', 'right'),
  rpartition: partition('rpartition', true),
  rsplit: splitting('rsplit', splitRight),
  rstrip: stripping('rstrip', 'right'),
  split: splitting('split', split),
  splitlines: (self, args, budget) => {
    const { keepends } = match('splitlines', args, ['keepends'])
    return splitLines(self, budget, isTrue(keepends ?? false))
  },
  startswith: affix('startswith'),
  strip: stripping('strip', 'both'),
  swapcase: plain('swapcase', swapCase),
  title: plain('title', titled),
  upper: plain('upper', (text) => text.toUpperCase()),
  zfill,
}
