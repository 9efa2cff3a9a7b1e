// The formats that are held, as regular expressions: where standards differ, the texts that all of them accept. Other
// formats are annotations. Pure.

const YEAR = String.raw`(?!0000)\d{4}`
const LEAP = '(?:\\d\\d(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)'
const MONTHS_OF_31 = '(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])'
const MONTHS_OF_30 = '(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)'
const DATE = `(?:${YEAR}-(?:${MONTHS_OF_31}|${MONTHS_OF_30}|02-(?:0[1-9]|1\\d|2[0-8]))|${LEAP}-02-29)`
const CLOCK = '(?:[01]\\d|2[0-3]):[0-5]\\d'
const TIME = `${CLOCK}:[0-5]\\d(?:\\.\\d{1,9})?(?:Z|[+-]${CLOCK})`

const count = (unit: string) => `\\d{1,9}${unit}`
const CLOCK_PART = `T(?:${count('H')}(?:${count('M')}(?:${count('S')})?)?|${count('M')}(?:${count('S')})?|${count('S')})`
const DAYS = `(?:${count('Y')}(?:${count('M')}(?:${count('D')})?)?|${count('M')}(?:${count('D')})?|${count('D')})`
const DURATION = `P(?:${DAYS}(?:${CLOCK_PART})?|${CLOCK_PART}|${count('W')})`

/** Eight labels of up to 29 characters are a name of at most 253. */
const LABEL = '[a-zA-Z0-9](?:-?[a-zA-Z0-9]){0,14}'
const HOSTNAME = `${LABEL}(?:\\.${LABEL}){0,7}`
const BYTE = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const IPV4 = `(?:${BYTE}\\.){3}${BYTE}`

const GROUP = '[0-9a-fA-F]{1,4}'
const groups = (least: number, most: number) => `(?:${GROUP}(?::${GROUP}){${least - 1},${most - 1}})`
/** `::` stands for at least one of eight groups. */
const IPV6 = [
  groups(8, 8),
  `::${groups(1, 7)}?`,
  ...[1, 2, 3, 4, 5, 6, 7].map(
    (before) => `${groups(before, before)}::${before < 7 ? `${groups(1, 7 - before)}?` : ''}`,
  ),
  `(?:${GROUP}:){6}${IPV4}`,
  `::(?:${GROUP}:){0,5}${IPV4}`,
].join('|')

const ATEXT = "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]"
const EMAIL = `(?=[^@]{1,40}@)${ATEXT}+(?:\\.${ATEXT}+)*@${LABEL}(?:\\.${LABEL}){1,3}`
const HEX = '[0-9a-fA-F]'
const UUID = `${HEX}{8}(?:-${HEX}{4}){3}-${HEX}{12}`

const PCHAR = `(?:[a-zA-Z0-9._~!$&'()*+,;=:@-]|%${HEX}{2})`
const AUTHORITY = `(?:${HOSTNAME})(?::\\d{1,4})?`
const PATH = `(?:/${PCHAR}*)*`
const URI =
  `[a-zA-Z][a-zA-Z0-9+.-]*:(?://${AUTHORITY}${PATH}|/(?:${PCHAR}+${PATH})?|${PCHAR}+${PATH})` +
  `(?:\\?(?:${PCHAR}|[/?])*)?(?:#(?:${PCHAR}|[/?])*)?`

/** A first part that is no scheme. */
const SEGMENT = `(?:[a-zA-Z0-9._~!$&'()*+,;=@-]|%${HEX}{2})`
const URI_REFERENCE =
  `(?:${URI}|(?://${AUTHORITY}${PATH}|/(?:${PCHAR}+${PATH})?|${SEGMENT}+${PATH}|)` +
  `(?:\\?(?:${PCHAR}|[/?])*)?(?:#(?:${PCHAR}|[/?])*)?)`
const WEB_ADDRESS = `https?://(?:${LABEL}\\.){1,6}[a-z]{2,12}(?::\\d{2,4})?(?:/${PCHAR}*${PATH}(?:\\?(?:${PCHAR}|[/?])*)?)?`
const VARIABLE = '[a-zA-Z0-9_]+(?::[1-9]\\d{0,3}|\\*)?'
const URI_TEMPLATE = `(?:[a-zA-Z0-9._~!$&()*+,;=:@/?#-]|%${HEX}{2}|\\{[+#./;?&]?${VARIABLE}(?:,${VARIABLE})*\\})*`

const POINTER = '(?:/(?:[^~/]|~[01])*)*'
const RELATIVE_POINTER = `(?:0|[1-9]\\d{0,8})(?:#|${POINTER})`
const BASE64 = '(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?'

/** Regular expressions without what is easily wrong: groups in groups, ranges, looks around, references. */
const REGEX_ATOM = '(?:[^\\\\^$.*+?()[\\]{}|/]|\\.|\\\\[dDwWsS^$.*+?()[\\]{}|/]|\\[\\^?[A-Za-z0-9_ ]+\\])'
const REGEX_PIECES = `(?:${REGEX_ATOM}[*+?]?)*`
const REGEX_GROUP = `\\((?:\\?:)?${REGEX_PIECES}(?:\\|${REGEX_PIECES})*\\)[*+?]?`
const REGEX = `\\^?(?:${REGEX_ATOM}[*+?]?|${REGEX_GROUP})*\\$?`

const FORMATS: Readonly<Record<string, string>> = {
  date: DATE,
  time: TIME,
  'date-time': `${DATE}T${TIME}`,
  duration: DURATION,
  email: EMAIL,
  uuid: UUID,
  ipv4: IPV4,
  ipv6: IPV6,
  uri: URI,
  'uri-reference': URI_REFERENCE,
  'uri-template': URI_TEMPLATE,
  url: WEB_ADDRESS,
  hostname: HOSTNAME,
  'json-pointer': POINTER,
  'relative-json-pointer': RELATIVE_POINTER,
  byte: BASE64,
  regex: REGEX,
}

const SHORT_PART = '[a-zA-Z0-9._~-]'
const SHORT_PATH = `(?:/${SHORT_PART}{0,16}){0,4}`
const SHORT_URI = `[a-zA-Z][a-zA-Z0-9+.-]{0,9}://${LABEL}(?:\\.${LABEL}){0,3}(?::\\d{1,4})?${SHORT_PATH}(?:\\?[a-zA-Z0-9._~=&-]{0,24})?`

/** Formats without an end where a text has a longest length: counters beside an automaton multiply it. */
const SHORT_FORMATS: Readonly<Record<string, string>> = {
  uri: SHORT_URI,
  'uri-reference': `(?:${SHORT_URI}|${SHORT_PATH})`,
  url: `https?://(?:${LABEL}\\.){1,3}[a-z]{2,12}(?::\\d{2,4})?${SHORT_PATH}`,
}

/** The regular expression of a format; undefined for an annotation. `isShort`: some texts of up to 230 characters do. */
export function formatPattern(format: string, isShort: boolean): string | undefined {
  const formats = isShort && Object.hasOwn(SHORT_FORMATS, format) ? SHORT_FORMATS : FORMATS
  return Object.hasOwn(formats, format) ? `^(?:${formats[format]})$` : undefined
}
