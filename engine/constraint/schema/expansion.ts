// The ways to keep schemas: their keywords' choices multiplied out. Pure.
import { TsinferError } from '../../errors.ts'
import { SCHEMA_SHAPES_MAX, SCHEMA_WORK_MAX } from '../../limits.ts'
import { type Language, Languages, TooManyTexts } from '../texts/languages.ts'
import { PatternFault } from '../texts/pattern-syntax.ts'
import { patternLanguage } from '../texts/patterns.ts'
import { itemAssertions, memberAssertions } from './inside.ts'
import type { Keyword, Ways } from './keyword.ts'
import { keywordsOf } from './keywords.ts'
import { SchemaDocument } from './schema-document.ts'
import { circularSchema, type SchemaNode, unsupportedSchema } from './schema-node.ts'
import { ANY_SHAPE, type Assertion, type Assertions, held, type Shape, settled, TYPE } from './shape.ts'
import { textOfShape } from './texts-of-shape.ts'
import { keepsShape } from './values.ts'

/** Levels that are looked into for a contradiction: a discriminating property is not far down. */
const LEVELS = 4
/** Ways that are so many are looked into, since most contradict themselves: conditions on one member, say. */
const EXAMINED_LEAST = 16

export class Expansion implements Ways {
  readonly languages = new Languages()
  readonly #document: SchemaDocument
  readonly #keywords = new Map<SchemaNode, readonly Keyword[]>()
  readonly #patterns = new Map<string, number>()
  readonly #apart = new Map<string, boolean>()
  /** What is being read, up to here without a step into a value. */
  #open = new Set<string>()
  #isLoose = false
  #workLeft = SCHEMA_WORK_MAX
  #levels = LEVELS

  constructor(root: unknown) {
    this.#document = new SchemaDocument(root)
  }

  get isLoose(): boolean {
    return this.#isLoose
  }

  node(schema: unknown, path: string): SchemaNode {
    return this.#document.node(schema, path)
  }

  child(node: SchemaNode, schema: unknown, at: string): SchemaNode {
    return this.#document.node(schema, node.path + at)
  }

  target(node: SchemaNode, key: '$ref' | '$dynamicRef' | '$recursiveRef'): SchemaNode {
    return this.#document.target(node, key)
  }

  keywordsOf(node: SchemaNode): readonly Keyword[] {
    const known = this.#keywords.get(node) ?? keywordsOf(node, this.#document.isHiding)
    this.#keywords.set(node, known)
    return known
  }

  /** All ways to keep the schemas together. */
  shapesOf(assertions: Assertions): readonly Shape[] {
    const open = this.#open
    this.#open = new Set()
    const shapes = assertions.reduce<readonly Shape[]>((all, assertion) => this.apply(all, assertion), [ANY_SHAPE])
    this.#open = open
    return shapes
  }

  apply(shapes: readonly Shape[], assertion: Assertion): readonly Shape[] {
    const { node, isDenied } = assertion
    const name = `${isDenied ? '!' : ''}${node.id}`
    if (this.#open.has(name)) throw circularSchema(node.path)
    this.#open.add(name)
    const found = shapes.flatMap((shape) => (isDenied ? this.#deny(shape, node) : this.#hold(shape, node)))
    this.#open.delete(name)
    return found.length > EXAMINED_LEAST ? this.counted(found, node.path) : found
  }

  areApart(one: SchemaNode, two: SchemaNode): boolean {
    const name = one.id < two.id ? `${one.id} ${two.id}` : `${two.id} ${one.id}`
    const known = this.#apart.get(name)
    if (known !== undefined) return known
    const open = this.#open
    const isLoose = this.#isLoose
    this.#open = new Set(open)
    this.#isLoose = true
    let areApart = false
    try {
      const shapes = [held(one), held(two)].reduce<readonly Shape[]>((all, part) => this.apply(all, part), [ANY_SHAPE])
      areApart = !shapes.some((shape) => this.#isPossible(shape))
    } catch (error) {
      if (!(error instanceof TsinferError || error instanceof TooManyTexts)) throw error
    }
    this.#open = open
    this.#isLoose = isLoose
    // Deep inside less is looked at.
    if (areApart || this.#levels === LEVELS) this.#apart.set(name, areApart)
    return areApart
  }

  pattern(source: string, path: string): number {
    const known = this.#patterns.get(source)
    if (known !== undefined) return known
    const language = this.bounded(path, () => patternLanguage(this.languages, source))
    this.#patterns.set(source, language)
    return language
  }

  /** Refuses what no automaton of a bounded size holds. */
  bounded<T>(path: string, make: () => T): T {
    try {
      return make()
    } catch (error) {
      if (error instanceof PatternFault) throw unsupportedSchema(path, PatternFault.expected, error.message)
      if (error instanceof TooManyTexts) throw unsupportedSchema(path, 'an automaton of few states', 'too many')
      throw error
    }
  }

  /** The strings that keep the schemas. */
  texts(assertions: Assertions): Language {
    if (assertions.length === 0) return this.languages.all
    const texts = this.shapesOf(assertions).map((shape) => {
      if ((shape.types & TYPE.string) === 0) return this.languages.none
      if (!shape.values) return textOfShape(shape, this.languages)
      return this.languages.words(this.valuesOf(shape).filter((value) => typeof value === 'string'))
    })
    return this.languages.any(...texts)
  }

  /** The listed values that keep all of the shape. */
  valuesOf(shape: Shape): readonly unknown[] {
    const unlisted = { ...shape, values: undefined }
    return (shape.values ?? []).filter((value) => keepsShape(unlisted, value, this))
  }

  keeps(assertions: Assertions, value: unknown): boolean {
    return this.shapesOf(assertions).some((shape) => keepsShape(shape, value, this))
  }

  #hold(shape: Shape, node: SchemaNode): readonly Shape[] {
    let shapes: readonly Shape[] = [shape]
    for (const keyword of this.keywordsOf(node)) {
      shapes = this.counted(
        shapes.flatMap((one) => keyword.hold(one, node, this, shape)),
        `${node.path}/${keyword.names[0]}`,
      )
      if (shapes.length === 0) break
    }
    return shapes
  }

  #deny(shape: Shape, node: SchemaNode): readonly Shape[] {
    let untold: string | undefined
    const found = this.keywordsOf(node).flatMap((keyword) => {
      const shapes = keyword.deny?.(shape, node, this)
      if (shapes === undefined) untold ??= keyword.names.find((name) => node.schema[name] !== undefined)
      return shapes ?? []
    })
    if (untold !== undefined && this.#isLoose) return [shape]
    const shapes = this.counted(found, node.path)
    if (shapes.length === 0 && untold !== undefined) {
      throw unsupportedSchema(node.path, 'keywords whose opposite can be told', untold)
    }
    const { members, items } = shape
    return shapes.map((one) => ({
      ...one,
      members: { ...one.members, parts: unevaluating(one.members.parts, members.parts.length) },
      items: { ...one.items, parts: unevaluating(one.items.parts, items.parts.length) },
    }))
  }

  counted(found: readonly Shape[], path: string): readonly Shape[] {
    this.#workLeft -= 1 + found.length
    let shapes = found.map(settled).filter((shape) => shape !== undefined)
    if (shapes.length > EXAMINED_LEAST) shapes = shapes.filter((shape) => this.#isPossible(shape))
    if (shapes.length <= SCHEMA_SHAPES_MAX && this.#workLeft >= 0) return shapes
    throw unsupportedSchema(path, 'fewer ways to keep the schema', 'too many')
  }

  /** Whether some value may keep the shape; that none does is certain. */
  #isPossible(shape: Shape): boolean {
    if (shape.values) return this.valuesOf(shape).length > 0
    let { types } = shape
    const { text = this.languages.all, lengthLeast, lengthMost } = shape
    const counted = this.languages.both(text, this.languages.counted(lengthLeast, lengthMost))
    if (types & TYPE.string && this.#isVoid(counted)) types &= ~TYPE.string
    if (types & TYPE.object && !this.#areMembersPossible(shape)) types &= ~TYPE.object
    if (types & TYPE.array && shape.items.least > 0 && !this.#arePossible(itemAssertions(shape.items, 0))) {
      types &= ~TYPE.array
    }
    return types !== 0
  }

  #isVoid(language: Language): boolean {
    try {
      return this.languages.isVoid(language)
    } catch (error) {
      if (error instanceof TooManyTexts) return false
      throw error
    }
  }

  #areMembersPossible({ members }: Shape): boolean {
    return members.required.every((name) => this.#arePossible(memberAssertions(members, name, this.languages)))
  }

  #arePossible(assertions: Assertions): boolean {
    if (this.#levels === 0) return true
    this.#levels--
    try {
      return this.shapesOf(assertions).some((shape) => this.#isPossible(shape))
    } finally {
      this.#levels++
    }
  }
}

/** What is said only of values that are denied evaluates nothing. */
function unevaluating<T extends { readonly isEvaluating: boolean }>(parts: readonly T[], from: number): readonly T[] {
  return parts.map((part, i) => (i < from ? part : { ...part, isEvaluating: false }))
}
