// Token ids to text, piece by piece, without ever giving out half a character. Needs the byte tables only, so it runs
// on the caller's thread. Pure.
import type { TokenId } from '../engine/domain.ts'
import { TsinferError } from '../engine/errors.ts'
import { byteStringAt, stringCount } from './byte-strings.ts'
import type { TokenTable } from './vocabulary.ts'

export interface DecodeOptions {
  /** The ids begin a text, so the space that SentencePiece put before it is dropped. False for text that continues. */
  readonly atStart: boolean
  /** Show control tokens by their text instead of leaving them out. Default false. */
  readonly showControls?: boolean
}

export class StreamDecoder {
  readonly #table: TokenTable
  readonly #size: number
  readonly #controls: ReadonlyMap<TokenId, Uint8Array>
  readonly #utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
  /** The next piece begins the text and loses its added space. */
  #dropSpace: boolean
  /** Bytes of a character whose end has not come yet, at most three. */
  #pending = new Uint8Array(0)

  constructor(table: TokenTable, options: DecodeOptions) {
    this.#table = table
    this.#size = stringCount(table.pieces)
    this.#controls = options.showControls === true ? controlTexts(table) : new Map()
    this.#dropSpace = options.atStart && table.addSpacePrefix
  }

  /**
   * The text that has become certain with these ids; '' while a character is incomplete. Bytes that are no UTF-8 become
   * U+FFFD as TextDecoder has it.
   * @throws TsinferError `prompt_invalid` for an id beyond the vocabulary; the decoder is then unchanged
   */
  decode(ids: ArrayLike<TokenId>): string {
    return this.decodeBytes(this.#gather(ids))
  }

  /** Like `decode`, for bytes that tokens printed. */
  decodeBytes(next: Uint8Array): string {
    const bytes = new Uint8Array(this.#pending.length + next.length)
    bytes.set(this.#pending)
    bytes.set(next, this.#pending.length)
    const end = completeLength(bytes)
    this.#pending = bytes.slice(end)
    return this.#utf8.decode(bytes.subarray(0, end))
  }

  /** The rest: U+FFFD for a character that never got complete. The decoder can then begin anew. */
  flush(): string {
    const text = this.#utf8.decode(this.#pending)
    this.#pending = new Uint8Array(0)
    return text
  }

  /** What the ids print. */
  #gather(ids: ArrayLike<TokenId>): Uint8Array {
    const { bytes, offsets } = this.#table.pieces
    let length = 0
    for (let i = 0; i < ids.length; i++) length += this.#pieceLength(ids[i]!)
    const gathered = new Uint8Array(length)
    let end = 0
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!
      const control = this.#controls.get(id)
      const from = control ?? bytes
      let at = control === undefined ? offsets[id]! : 0
      const last = control === undefined ? offsets[id + 1]! : control.length
      if (this.#dropSpace && at < last) {
        if (from[at] === 0x20) at++
        this.#dropSpace = false
      }
      while (at < last) gathered[end++] = from[at++]!
    }
    return gathered.subarray(0, end)
  }

  #pieceLength(id: TokenId): number {
    if (!Number.isInteger(id) || id < 0 || id >= this.#size) {
      throw new TsinferError('prompt_invalid', `token id: expected 0 to ${this.#size - 1}, found ${id}`)
    }
    const { offsets } = this.#table.pieces
    return this.#controls.get(id)?.length ?? offsets[id + 1]! - offsets[id]!
  }
}

/** The text of `ids`; with the default options that of a whole prompt. */
export function detokenize(
  table: TokenTable,
  ids: ArrayLike<TokenId>,
  options: DecodeOptions = { atStart: true },
): string {
  const decoder = new StreamDecoder(table, options)
  return decoder.decode(ids) + decoder.flush()
}

function controlTexts({ controls }: TokenTable): Map<TokenId, Uint8Array> {
  return new Map(Array.from(controls.ids, (id, i) => [id, byteStringAt(controls.texts, i)]))
}

/** How many of the bytes come before a character that may still be completed. */
function completeLength(bytes: Uint8Array): number {
  const { length } = bytes
  for (let back = 1; back <= Math.min(3, length); back++) {
    const byte = bytes[length - back]!
    if ((byte & 0xc0) === 0x80) continue
    const wanted = byte < 0xc2 || byte > 0xf4 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
    return wanted > back ? length - back : length
  }
  return length
}
