// minLength, maxLength, pattern, format. Pure.
import { formatPattern } from '../../texts/formats.ts'
import type { Keyword } from '../keyword.ts'
import { countOf, type SchemaNode, textOf } from '../schema-node.ts'
import { ofTypes, type Shape, TYPE } from '../shape.ts'

const { POSITIVE_INFINITY } = Number

const about = (shape: Shape, change: Partial<Shape>): Shape => ({
  ...shape,
  about: shape.about | TYPE.string,
  ...change,
})

const minLength: Keyword = {
  names: ['minLength'],
  hold: (shape, node) => [about(shape, { lengthLeast: Math.max(shape.lengthLeast, countOf(node, 'minLength', 0)) })],
  deny: (shape, node) => {
    const most = countOf(node, 'minLength', 0) - 1
    return most < 0 ? [] : [about(ofTypes(shape, TYPE.string), { lengthMost: Math.min(shape.lengthMost, most) })]
  },
}

const maxLength: Keyword = {
  names: ['maxLength'],
  hold: (shape, node) => [
    about(shape, { lengthMost: Math.min(shape.lengthMost, countOf(node, 'maxLength', POSITIVE_INFINITY)) }),
  ],
  deny: (shape, node) => {
    const least = countOf(node, 'maxLength', POSITIVE_INFINITY) + 1
    return [about(ofTypes(shape, TYPE.string), { lengthLeast: Math.max(shape.lengthLeast, least) })]
  },
}

const pattern: Keyword = {
  names: ['pattern'],
  hold: (shape, node, ways) => {
    const textPath = `${node.path}/pattern`
    const found = ways.pattern(textOf(node, 'pattern'), textPath)
    return [about(shape, { text: ways.languages.both(shape.text ?? ways.languages.all, found), textPath })]
  },
  deny: (shape, node, ways) => {
    const textPath = `${node.path}/pattern`
    const others = ways.languages.not(ways.pattern(textOf(node, 'pattern'), textPath))
    const text = ways.languages.both(shape.text ?? ways.languages.all, others)
    return [about(ofTypes(shape, TYPE.string), { text, textPath })]
  },
}

/** A format that is not held says nothing; that a value does not keep one says nothing either. */
const format: Keyword = {
  names: ['format'],
  hold: (shape, node, ways) => {
    const source = formatOf(node, shape.lengthMost < POSITIVE_INFINITY)
    if (source === undefined || ways.isLoose) return [shape]
    const textPath = `${node.path}/format`
    const found = ways.pattern(source, textPath)
    return [about(shape, { text: ways.languages.both(shape.text ?? ways.languages.all, found), textPath })]
  },
}

const formatOf = ({ schema }: SchemaNode, isShort: boolean): string | undefined =>
  typeof schema.format === 'string' ? formatPattern(schema.format, isShort) : undefined

export const TEXT_KEYWORDS: readonly Keyword[] = [minLength, maxLength, pattern, format]
