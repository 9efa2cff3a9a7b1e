// Which formats of tool calls there are, and which a chat template makes a model write. Pure.
import type { ToolFormat } from './tool-formats/format.ts'
import * as list from './tool-formats/list.ts'

/** In the order of their names. */
export const TOOL_FORMATS: readonly ToolFormat[] = Object.values(list)

/** Texts of control tokens that the formats consist of; they must not be left out of what is read. */
export const CALL_MARKS: readonly string[] = TOOL_FORMATS.flatMap(({ opens, marks = [] }) => [...opens, ...marks])

/** The formats that a template has signs of; without any, all that need none. */
export function toolFormats(template: string): readonly ToolFormat[] {
  const isMeant = ({ signs }: ToolFormat) => signs.some((sign) => template.includes(sign))
  const meant = TOOL_FORMATS.filter(isMeant)
  if (meant.some(({ isLayout }) => isLayout)) return meant.filter(({ isLayout }) => isLayout)
  if (meant.length === 0) return TOOL_FORMATS.filter(({ isLayout }) => !isLayout)
  return TOOL_FORMATS.filter((format) => isMeant(format) || format.signs.length === 0)
}
