// The tools of a request: which there are, what their parameters may be, and calls of them in OpenAI's shape. Pure; ids
// that a model does not give come from the caller.
import type { ChatTool, ToolCall } from '../../engine/public/chat.ts'
import { Budget } from '../jinja/budget.ts'
import { dumpJson, type JsonStyle, readJson } from '../jinja/json.ts'
import { TemplateFault, type Value } from '../jinja/values.ts'
import { NoCall, readWhole } from './call-text.ts'
import { readPythonValue } from './python-literals.ts'

const COMPACT: JsonStyle = {
  indent: undefined,
  itemSeparator: ',',
  keySeparator: ':',
  asciiOnly: false,
  sortKeys: false,
}

type ReadKeyword =
  | ('type' | 'nullable' | 'enum' | 'const' | 'anyOf' | 'oneOf' | 'allOf' | '$ref')
  | ('properties' | 'required' | 'additionalProperties')
/** What is read of a JSON Schema. */
type Schema = { readonly [keyword in ReadKeyword]?: unknown }

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Names under which a request offers to run code. */
const CODE_TOOLS: readonly string[] = ['python', 'ipython', 'code_interpreter']

export class OfferedTools {
  readonly #parameters: ReadonlyMap<string, Schema>
  readonly #newId: () => string

  /** `newId` gives an id unlike all others of the conversation. */
  constructor(tools: readonly ChatTool[], newId: () => string) {
    this.#newId = newId
    this.#parameters = new Map(
      tools.map(({ function: { name, parameters } }) => [name, isRecord(parameters) ? parameters : {}] as const),
    )
  }

  /** Without any, nothing is a call. */
  get areThere(): boolean {
    return this.#parameters.size > 0
  }

  has(name: unknown): name is string {
    return typeof name === 'string' && this.#parameters.has(name)
  }

  /** Names of a tool's parameters, in the order of its schema. */
  parametersOf(name: string): readonly string[] {
    return Object.keys(this.#propertiesOf(name))
  }

  /** The tool that runs code, where one is offered. */
  get code(): string | undefined {
    return CODE_TOOLS.find((name) => this.#parameters.has(name))
  }

  /** `args` are an object, or JSON as a text. */
  call(name: string, args: Value, id?: Value): ToolCall {
    if (!this.areThere) throw new NoCall()
    return {
      id: typeof id === 'string' && id !== '' ? id : this.#newId(),
      type: 'function',
      function: { name, arguments: typeof args === 'string' ? args : dumpJson(args, COMPACT, new Budget()) },
    }
  }

  /** Whether the tool is offered and has these parameters, with all that it requires among them. */
  fits(name: string, args: Value | undefined): boolean {
    const parameters = this.#parameters.get(name)
    const given = typeof args === 'string' ? parsed(args) : args
    if (parameters === undefined || !(given instanceof Map)) return false
    const names = this.parametersOf(name)
    const takesOthers = names.length === 0 || (parameters.additionalProperties ?? false) !== false
    return (
      this.hasRequired(name, given) && (takesOthers || [...given.keys()].every((key) => names.includes(String(key))))
    )
  }

  /** Whether nothing is missing that the tool requires. */
  hasRequired(name: string, args: ReadonlyMap<unknown, unknown>): boolean {
    const required = this.#parameters.get(name)?.required
    return !Array.isArray(required) || required.every((key) => args.has(key))
  }

  /** A value that was written as plain text, of the type that the parameter has. */
  plain(name: string, parameter: string, text: string): Value {
    const types = this.#typesOf(name, parameter)
    if (types?.size === 1 && types.has('string')) return text
    const json = parsed(text)
    if (types === undefined) return json === undefined ? text : json
    const value = json === undefined ? readWhole(text.trim(), (whole) => readPythonValue(whole, 0)) : json
    if (value !== undefined && typeof value !== 'string' && isOf(types, value)) return value
    return value === undefined || types.has('string') ? text : value
  }

  /** A value that was written as `source`, a literal, of the type that the parameter has where it can be. */
  literal(name: string, parameter: string, value: Value, source: string): Value {
    const types = this.#typesOf(name, parameter)
    if (types === undefined || isOf(types, value)) return value
    if (typeof value === 'string') return this.plain(name, parameter, value)
    return types.has('string') ? source : value
  }

  #propertiesOf(name: string): Readonly<Record<string, unknown>> {
    const properties = this.#parameters.get(name)?.properties
    return isRecord(properties) ? properties : {}
  }

  #typesOf(name: string, parameter: string): ReadonlySet<string> | undefined {
    const properties = this.#propertiesOf(name)
    return Object.hasOwn(properties, parameter)
      ? typesOf(properties[parameter], this.#parameters.get(name)!, REFERENCES_MAX)
      : undefined
  }
}

function parsed(text: string): Value | undefined {
  try {
    return readJson(text)
  } catch (error) {
    if (error instanceof TemplateFault) return undefined
    throw error
  }
}

/** Schemas inside each other that are looked into for a type. */
const REFERENCES_MAX = 8

/** Types of JSON that a schema allows; undefined where it does not say. */
function typesOf(schema: unknown, root: Schema, depth: number): ReadonlySet<string> | undefined {
  if (!isRecord(schema) || depth === 0) return undefined
  const { type, enum: listed, const: single, anyOf, oneOf, allOf, $ref, nullable } = schema as Schema
  const more = nullable === true ? ['null'] : []
  if (typeof type === 'string' || Array.isArray(type)) return new Set([type, more].flat().map(String))
  if (Array.isArray(listed)) return new Set([...listed.map(typeName), ...more])
  if (single !== undefined) return new Set([typeName(single)])
  const either = anyOf ?? oneOf
  if (Array.isArray(either)) {
    const types = either.map((inner) => typesOf(inner, root, depth - 1))
    return types.every((one) => one !== undefined) ? new Set(types.flatMap((one) => [...one])) : undefined
  }
  if (Array.isArray(allOf)) {
    return allOf.map((inner) => typesOf(inner, root, depth - 1)).find((types) => types !== undefined)
  }
  return typeof $ref === 'string' ? typesOf(referred($ref, root), root, depth - 1) : undefined
}

/** What `#/$defs/name` and its like name. */
function referred(reference: string, root: Schema): unknown {
  const [first, ...keys] = reference.split('/')
  if (first !== '#') return undefined
  return keys.reduce<unknown>((at, key) => (isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined), root)
}

const typeName = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value === 'number' ? 'number' : typeof value

function isOf(types: ReadonlySet<string>, value: Value): boolean {
  if (value === null) return types.has('null')
  if (typeof value === 'bigint') return types.has('integer') || types.has('number')
  if (typeof value === 'number') return types.has('number')
  if (typeof value === 'string' || typeof value === 'boolean') return types.has(typeof value)
  return types.has(Array.isArray(value) ? 'array' : 'object')
}
