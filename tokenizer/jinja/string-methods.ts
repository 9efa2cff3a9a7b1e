// The methods of Python's strings.
import { asInteger, asOptionalText, asText, type Method, type Methods, match, required } from './arguments.ts'
import type { Budget } from './budget.ts'
import { iterate } from './comparison.ts'
import {
  capitalized,
  find,
  pad,
  replace,
  type Side,
  SPACE_PATTERN,
  split,
  splitLines,
  splitRight,
  strip,
  titled,
} from './python-text.ts'
import { type Arguments, isTrue, TemplateFault, Tuple, typeName, type Value } from './values.ts'

type StringMethod = Method<string>

const plain =
  (name: string, change: (text: string) => Value): StringMethod =>
  (self, args) => {
    match(name, args, [])
    return change(self)
  }

const stripping =
  (name: string, side: Side): StringMethod =>
  (self, args) =>
    strip(self, asOptionalText(name, match(name, args, ['chars']).chars), side)

const splitting =
  (name: string, cut: typeof split): StringMethod =>
  (self, args, budget) => {
    const { sep, maxsplit } = match(name, args, ['sep', 'maxsplit'])
    const parts = cut(self, asOptionalText(name, sep), asInteger(name, maxsplit, -1))
    budget.elements(parts.length)
    return parts
  }

const affix =
  (name: 'startswith' | 'endswith'): StringMethod =>
  (self, args) => {
    const given = match(name, args, ['affix', 'start', 'end'])
    const from = asInteger(name, given.start ?? undefined, 0)
    const text = given.start === undefined ? self : Array.from(self).slice(from, endOf(name, given.end)).join('')
    const affixes = given.affix instanceof Tuple ? given.affix.items : [required(name, 'prefix', given.affix)]
    return affixes.some((one) => {
      return name === 'startswith' ? text.startsWith(asText(name, one)) : text.endsWith(asText(name, one))
    })
  }

const endOf = (name: string, end: Value | undefined): number | undefined =>
  end === undefined || end === null ? undefined : asInteger(name, end)

const finding =
  (name: string, fromEnd: boolean, isStrict: boolean): StringMethod =>
  (self, args) => {
    const { sub, start, end } = match(name, args, ['sub', 'start', 'end'])
    const part = asText(name, required(name, 'sub', sub))
    const to = endOf(name, end) ?? Number.POSITIVE_INFINITY
    const at = find(self, part, asInteger(name, start ?? undefined, 0), to, fromEnd)
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
  (self, args) => {
    const separator = asText(name, required(name, 'sep', match(name, args, ['sep']).sep))
    if (separator === '') throw new TemplateFault('empty separator')
    const at = fromEnd ? self.lastIndexOf(separator) : self.indexOf(separator)
    if (at < 0) return new Tuple(fromEnd ? ['', '', self] : [self, '', ''])
    return new Tuple([self.slice(0, at), separator, self.slice(at + separator.length)])
  }

const all = (name: string, pattern: RegExp): StringMethod => plain(name, (text) => pattern.test(text))

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
      throw new TemplateFault(`sequence item ${i}: expected str instance, ${typeName(item)} found`)
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

const isCased = (text: string, change: (text: string) => string): boolean =>
  text === change(text) && text.toUpperCase() !== text.toLowerCase()

export const STRING_METHODS: Methods<string> = {
  capitalize: plain('capitalize', capitalized),
  casefold: plain('casefold', (text) => text.toLowerCase().replaceAll('ß', 'ss')),
  center: padding('center', 'center'),
  count: (self, args) => {
    const part = asText('count', required('count', 'sub', match('count', args, ['sub']).sub))
    return BigInt(part === '' ? Array.from(self).length + 1 : self.split(part).length - 1)
  },
  endswith: affix('endswith'),
  find: finding('find', false, false),
  index: finding('index', false, true),
  isalnum: all('isalnum', /^[\p{L}\p{N}]+$/u),
  isalpha: all('isalpha', /^\p{L}+$/u),
  isdecimal: all('isdecimal', /^\p{Nd}+$/u),
  isdigit: all('isdigit', /^[\p{Nd}\u00b2\u00b3\u00b9\u2070-\u2079\u2080-\u2089]+$/u),
  islower: plain('islower', (text) => isCased(text, (inner) => inner.toLowerCase())),
  isnumeric: all('isnumeric', /^\p{N}+$/u),
  isspace: plain('isspace', (text) => text !== '' && [...text].every((character) => SPACE_PATTERN.test(character))),
  istitle: plain('istitle', (text) => /\p{L}/u.test(text) && titled(text) === text),
  isupper: plain('isupper', (text) => isCased(text, (inner) => inner.toUpperCase())),
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
    const lines = splitLines(self, isTrue(keepends ?? false))
    budget.elements(lines.length)
    return lines
  },
  startswith: affix('startswith'),
  strip: stripping('strip', 'both'),
  swapcase: plain('swapcase', (text) =>
    text.replace(/\p{L}/gu, (letter) =>
      letter === letter.toUpperCase() ? letter.toLowerCase() : letter.toUpperCase(),
    ),
  ),
  title: plain('title', titled),
  upper: plain('upper', (text) => text.toUpperCase()),
  zfill,
}
