// What is said of a value that is not what was expected: which one, what it may be and what it is, on one line of
// bounded length whatever the value is. Pure.
import { type ErrorCode, TsinferError } from '../errors.ts'
import { quoted } from '../quoted.ts'

/** Where a value stands, as the caller wrote it, and the code of the error where it cannot be used. */
export interface Site {
  readonly name: string
  readonly code: ErrorCode
}

export const optionSite = (name: string): Site => ({ name, code: 'option_invalid' })
export const promptSite = (name: string): Site => ({ name, code: 'prompt_invalid' })

/** What is deeper inside than this many characters say is named by what is around it. */
const NAME_CHARS_MAX = 100

/** Of an element or a member: `part` is `[3]` or `.nMax`. */
export const inside = (site: Site, part: string): Site =>
  site.name.length > NAME_CHARS_MAX ? site : { name: `${site.name}${part}`, code: site.code }

/** The part of a name that says which member it is. */
export const memberPart = (name: string): string => (/^\w{1,40}$/.test(name) ? `.${name}` : `[${quoted(name)}]`)

/** A bigint beyond this many bits is not written out. */
const SHOWN_BIGINT_BITS_MAX = 64

/** A value for a message. Never throws, never reads what a value holds. */
export function found(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quoted(value)
    case 'bigint':
      return BigInt.asIntN(SHOWN_BIGINT_BITS_MAX, value) === value ? `${value}n` : 'a large bigint'
    case 'symbol':
      return 'a symbol'
    case 'function':
      return 'a function'
    case 'object':
      return value === null ? 'null' : isList(value) ? 'an array' : 'an object'
    default:
      return String(value)
  }
}

/** `Array.isArray` throws for a proxy that was revoked. */
function isList(value: object): boolean {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}

export const refused = ({ name, code }: Site, expected: string, value: unknown): TsinferError =>
  new TsinferError(code, `${name}: expected ${expected}, found ${found(value)}`)

/**
 * What `read` gives. Objects of a caller may run code of theirs when they are read, which may throw anything: that is
 * refused too.
 */
export function guarded<Value>({ name, code }: Site, read: () => Value): Value {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof TsinferError) throw cause
    throw new TsinferError(code, `${name}: expected a value that can be read, found one that throws`, { cause })
  }
}
