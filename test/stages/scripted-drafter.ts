// What a draft model's lane computes with in a test: nothing. It knows the text that the target is going to write, and
// proposes right and wrong tokens by a script. The threads, rings and masks around it, and all of the target, are real.

import { mix } from '../../bench/forge/random.ts'
import { type LaneForward, Withdrawn } from '../../engine/model/lane.ts'
import type { ForwardParts } from '../../engine/model/weights-forward.ts'
import {
  beginReturn,
  HEAD_NONE,
  microBatchNumber,
  returnIdsIndex,
  returnLogitsIndex,
  returnViews,
  rowCount,
  rowHead,
  rowPosition,
  rowToken,
  writeReturnEntry,
} from '../../engine/wire/codec.ts'

interface Script {
  /** Chance that its best token is the text's, by position. */
  readonly accuracy: (position: number) => number
  /** Chance that a token it proposes is none. */
  readonly garbage?: number
  /** Tokens it proposes, equally likely. */
  readonly width?: number
  readonly delayMs?: number
}

const rightAt = (chance: number): Script => ({ accuracy: () => chance })

export const SCRIPTS = {
  right: rightAt(1),
  wrong: rightAt(0),
  alternating: { accuracy: (position) => position % 2 },
  'right at 0.3': rightAt(0.3),
  'right at 0.6': rightAt(0.6),
  'right at 0.9': rightAt(0.9),
  garbage: { ...rightAt(0.7), garbage: 0.5, width: 3 },
  'only garbage': { ...rightAt(1), garbage: 1 },
  silent: { ...rightAt(1), width: 0 },
  slow: { ...rightAt(0.8), delayMs: 3 },
  unsure: { ...rightAt(0.8), width: 4 },
} satisfies Record<string, Script>
export type ScriptName = keyof typeof SCRIPTS
export const SCRIPT_NAMES = Object.keys(SCRIPTS) as ScriptName[]

const NOT_TOKENS = [-1, -(2 ** 31), 2 ** 31 - 1, 1_000_000_000]

/** Which script is played to which text, shared with the drafter: script, length, tokens. */
export type Stage = Int32Array<SharedArrayBuffer>
const HEADER_WORDS = 2

export const createStage = (tokensMax: number): Stage =>
  new Int32Array(new SharedArrayBuffer(4 * (HEADER_WORDS + tokensMax)))

/** `text`: prompt and all that follows. Set it while nothing is generated. */
export function setStage(stage: Stage, script: ScriptName, text: readonly number[]): void {
  stage.set([SCRIPT_NAMES.indexOf(script), text.length, ...text])
}

export function createForward({ settings, layout, memory, config, sync }: ForwardParts): LaneForward {
  const stage = settings as Stage
  const words = new Int32Array(memory.buffer)
  const views = returnViews(memory.buffer)
  const { input, results } = layout
  const never = new Int32Array(new SharedArrayBuffer(4))
  const rows = { count: 0, alive: 0, copyTo: () => {} }

  function textAt(position: number): number {
    if (position < stage[1]!) return stage[HEADER_WORDS + position]!
    return mix(7, position) % config.vocabularySize
  }

  /** What the drafter proposes for a position; a drafter that goes on from a wrong token stays wrong. */
  function propose(script: Script, position: number, place: number, isRight: boolean): number {
    const luck = (salt: number) => mix(salt + 10 * place, position) / 2 ** 32
    if (luck(1) < (script.garbage ?? 0)) return NOT_TOKENS[mix(2, position + place) % NOT_TOKENS.length]!
    const wrongBy = isRight && place === 0 && luck(3) < script.accuracy(position) ? 0 : place + 1
    return (textAt(position) + wrongBy) % config.vocabularySize
  }

  function report(record: number, resultSlot: number, script: Script): void {
    const base = results!.address + resultSlot * results!.stride
    const width = script.width ?? 1
    let entries = 0
    for (let row = 0; row < rowCount(words, record); row++) {
      if (rowHead(words, record, row) === HEAD_NONE) continue
      const position = rowPosition(words, record, row)
      const isRight = rowToken(words, record, row) === textAt(position)
      writeReturnEntry(views, base, entries, row, results!.logits.address, 0, width, 0)
      for (let place = 0; place < width; place++) {
        views.i32[returnIdsIndex(base, entries) + place] = propose(script, position + 1, place, isRight)
        views.f32[returnLogitsIndex(base, entries) + place] = 20
      }
      entries++
    }
    beginReturn(views, base, microBatchNumber(words, record), entries)
  }

  return {
    rows,
    run(slot, resultSlot) {
      const record = (input.address + slot * input.stride) >>> 2
      const script: Script = SCRIPTS[SCRIPT_NAMES[stage[0]!]!]
      rows.count = rowCount(words, record)
      if (script.delayMs) Atomics.wait(never, 0, 0, script.delayMs)
      if (sync.alive() === 0) throw new Withdrawn()
      report(record, resultSlot, script)
    },
  }
}
