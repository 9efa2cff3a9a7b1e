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
const EMAIL = `(?=[^@]{1,64}@)${ATEXT}+(?:\\.${ATEXT}+)*@${LABEL}(?:\\.${LABEL}){1,7}`
const HEX = '[0-9a-fA-F]'
const UUID = `${HEX}{8}(?:-${HEX}{4}){3}-${HEX}{12}`

const PCHAR = `(?:[a-zA-Z0-9._~!$&'()*+,;=:@-]|%${HEX}{2})`
const AUTHORITY = `(?:${HOSTNAME})(?::\\d{1,4})?`
const PATH = `(?:/${PCHAR}*)*`
const URI =
  `[a-zA-Z][a-zA-Z0-9+.-]*:(?://${AUTHORITY}${PATH}|/(?:${PCHAR}+${PATH})?|${PCHAR}+${PATH})` +
  `(?:\\?(?:${PCHAR}|[/?])*)?(?:#(?:${PCHAR}|[/?])*)?`

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
  hostname: HOSTNAME,
}

/** The regular expression of a format; undefined for an annotation. */
export const formatPattern = (format: string): string | undefined =>
  Object.hasOwn(FORMATS, format) ? `^(?:${FORMATS[format]})$` : undefined
