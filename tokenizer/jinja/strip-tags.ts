// Jinja's `striptags`: a text without its tags and comments, white space in runs as one space, entities as characters.
import type { Budget } from './budget.ts'
import { matches, replaceMatches } from './python-text.ts'

/** Names of the characters from U+00A0 on. */
const LATIN =
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro ' +
  'para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil ' +
  'Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave ' +
  'Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml ' +
  'igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute ' +
  'thorn yuml'

/** The entities that texts have; others stay as they are written. */
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ...LATIN.split(' ').map((name, i) => [name, String.fromCharCode(0xa0 + i)] as const),
  ...Object.entries({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", hellip: '…', mdash: '—', ndash: '–' }),
  ...Object.entries({ lsquo: '‘', rsquo: '’', ldquo: '“', rdquo: '”', bull: '•', euro: '€', trade: '™' }),
])
const ENTITY = /&(?:#(?:[xX]([\da-fA-F]{1,8})|(\d{1,8}));?|([a-zA-Z]\w{1,10});)/g

/** `striptags` of a text. */
export function stripTags(text: string, budget: Budget): string {
  budget.look(2 * text.length)
  const bare = withoutTags(withoutComments(text, budget), budget)
  const words = Array.from(matches(/\S+/g, bare, budget), ([word]) => word)
  return replaceMatches(words.join(' '), ENTITY, unescaped, budget)
}

const COMMENT = '<!--'
/** Units that are made a text at once. */
const PIECE = 8192

/** What one comment leaves may begin another: Jinja2 looks from the beginning each time, and so finds it. */
function withoutComments(text: string, budget: Budget): string {
  if (!text.includes(COMMENT)) return text
  budget.characters(text.length)
  budget.scan(text.length)
  const kept = new Uint16Array(text.length)
  let size = 0
  for (let at = 0; at < text.length; ) {
    kept[size++] = text.charCodeAt(at++)
    if (!endsInComment(kept, size)) continue
    const end = commentEnd(text, at)
    if (end < 0) {
      while (at < text.length) kept[size++] = text.charCodeAt(at++)
    } else {
      size -= COMMENT.length
      at = end
    }
  }
  const pieces: string[] = []
  for (let i = 0; i < size; i += PIECE) pieces.push(String.fromCharCode(...kept.subarray(i, Math.min(size, i + PIECE))))
  return pieces.join('')
}

function endsInComment(units: Uint16Array, size: number): boolean {
  for (let i = 1; i <= COMMENT.length; i++) if (units[size - i] !== COMMENT.charCodeAt(COMMENT.length - i)) return false
  return true
}

/** Position behind the comment whose mark ends at `at`: the hyphens of its mark may be those of its end. */
function commentEnd(text: string, at: number): number {
  if (text.startsWith('>', at)) return at + 1
  if (text.startsWith('->', at)) return at + 2
  const end = text.indexOf('-->', at)
  return end < 0 ? -1 : end + 3
}

function withoutTags(text: string, budget: Budget): string {
  const parts: string[] = []
  let at = 0
  for (;;) {
    budget.spend()
    const open = text.indexOf('<', at)
    const close = open < 0 ? -1 : text.indexOf('>', open)
    if (close < 0) break
    parts.push(text.slice(at, open))
    at = close + 1
  }
  return parts.join('') + text.slice(at)
}

function unescaped([all, hex, decimal, name]: RegExpExecArray): string {
  if (name !== undefined) return ENTITIES.get(name) ?? all
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
  return code === 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) ? '\ufffd' : String.fromCodePoint(code)
}
