// The tools of a request: which there are, what their parameters may be, and calls of them in OpenAI's shape. Pure; ids
// that a model does not give come from the caller.
import type { ChatTool, ToolCall } from '../../engine/public/chat.ts'
import { Budget } from '../jinja/budget.ts'
import { dumpJson, type JsonStyle, readJson } from '../jinja/json.ts'
import { TemplateFault, type Value } from '../jinja/values.ts'
import { NoCall, readWhole } from './call-text.ts'
import { readPythonValue } from './python-literals.ts'
import { isKeyed, isOf, type ParameterSchema, typesOf } from './schema-types.ts'

const COMPACT: JsonStyle = {
  indent: undefined,
  itemSeparator: ',',
  keySeparator: ':',
  asciiOnly: false,
  sortKeys: false,
}

/** Names under which a request offers to run code. */
const CODE_TOOLS: readonly string[] = ['python', 'ipython', 'code_interpreter']

export class OfferedTools {
  readonly #parameters: ReadonlyMap<string, ParameterSchema>
  readonly #newId: () => string

  /** `newId` gives an id unlike all others of the conversation. */
  constructor(tools: readonly ChatTool[], newId: () => string) {
    this.#newId = newId
    this.#parameters = new Map(
      tools.map(({ function: { name, parameters } }) => [name, isKeyed(parameters) ? parameters : {}] as const),
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
      function: { name, arguments: typeof args === 'string' ? args : written(args) },
    }
  }

  /** Whether the tool is offered, and its parameters can be these: no others, of their types, with all that it requires. */
  fits(name: string, args: Value | undefined): boolean {
    const parameters = this.#parameters.get(name)
    const given = typeof args === 'string' ? parsed(args) : args
    if (parameters === undefined || !(given instanceof Map)) return false
    const names = this.parametersOf(name)
    const takesOthers = (parameters.additionalProperties ?? names.length === 0) !== false
    const mayBe = (key: string, value: Value) => {
      const types = this.#typesOf(name, key)
      if (!names.includes(key)) return takesOthers
      // A number may be written as a text.
      const meant = typeof value === 'string' ? this.plain(name, key, value) : value
      return types === undefined || isOf(types, value) || isOf(types, meant)
    }
    return this.hasRequired(name, given) && [...given].every(([key, value]) => mayBe(String(key), value))
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
    return isKeyed(properties) ? properties : {}
  }

  #typesOf(name: string, parameter: string): ReadonlySet<string> | undefined {
    const properties = this.#propertiesOf(name)
    return Object.hasOwn(properties, parameter)
      ? typesOf(properties[parameter], this.#parameters.get(name)!)
      : undefined
  }
}

function written(args: Value): string {
  try {
    return dumpJson(args, COMPACT, new Budget())
  } catch (error) {
    // Beyond all bounds.
    if (error instanceof TemplateFault) throw new NoCall()
    throw error
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
