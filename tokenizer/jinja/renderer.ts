// Runs a template's syntax tree with the meaning that Jinja2 on Python gives it. @huggingface/jinja's own interpreter is
// not used: its values are JavaScript's (printing, equality, undefined names, tuples and scopes differ), and nothing
// bounds it.
import { type Filtering, match, NO_ARGUMENTS, required } from './arguments.ts'
import { attributeOf, itemOf, sliceOf } from './attributes.ts'
import type { Budget } from './budget.ts'
import { iterate, sameKey } from './comparison.ts'
import { applyFilter } from './filters.ts'
import { Loop, loopState } from './loop-state.ts'
import { NO_ELEMENT, RECURSIVE, WITH_VARIABLE } from './lowering.ts'
import { mentions } from './mentions.ts'
import { binary, concatenate, signed } from './operators.ts'
import { Scope } from './scope.ts'
import type {
  CallStatementNode,
  FilterName,
  ForNode,
  Identifier,
  MacroNode,
  Node,
  SetNode,
  SliceNode,
  TupleNode,
} from './syntax.ts'
import { applyTest } from './tests.ts'
import { valueText } from './text.ts'
import {
  type Arguments,
  asKey,
  Callable,
  type Dict,
  either,
  isDict,
  isTrue,
  Namespace,
  TemplateFault,
  Tuple,
  told,
  typeName,
  Undefined,
  type Value,
} from './values.ts'

const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['none', null],
  ['True', true],
  ['False', false],
  ['None', null],
])

/** What a round of a loop costs beside its body. */
const ROUND_STEPS = 4

export class Renderer implements Filtering {
  readonly budget: Budget
  /** Set by `break` and `continue` until the loop has seen it. */
  #leaving: 'break' | 'continue' | undefined

  constructor(budget: Budget) {
    this.budget = budget
  }

  render(nodes: readonly Node[], scope: Scope): string {
    let text = ''
    this.budget.enter()
    for (const node of nodes) {
      this.budget.spend()
      text = concatenate(text, this.#statement(node, scope), this.budget)
      if (this.#leaving !== undefined) break
    }
    this.budget.leave()
    return text
  }

  filter(name: string, value: Value, args: Arguments): Value {
    return applyFilter(name, value, args, this)
  }

  test(name: string, value: Value, args: Arguments): boolean {
    return applyTest(name, value, args, this.budget)
  }

  #statement(node: Node, scope: Scope): string {
    switch (node.type) {
      case 'Comment':
        return ''
      case 'Break':
      case 'Continue':
        this.#leaving = node.type === 'Break' ? 'break' : 'continue'
        return ''
      case 'If':
        return this.render(isTrue(this.#evaluate(node.test, scope)) ? node.body : node.alternate, scope)
      case 'For':
        return this.#loop(node, scope)
      case 'Set':
        this.#assignment(node, scope)
        return ''
      case 'Macro':
        scope.set(node.name.value, this.#macro(node, node.name.value, scope))
        return ''
      case 'CallStatement':
        return valueText(this.#callBlock(node, scope), this.budget)
      case 'FilterStatement':
        return valueText(this.#filtered(this.render(node.body, new Scope(scope)), node.filter, scope), this.budget)
      default:
        return valueText(this.#evaluate(node, scope), this.budget)
    }
  }

  #loop(node: ForNode, scope: Scope): string {
    const { iterable } = node
    const source = iterable.type === 'SelectExpression' ? iterable.lhs : iterable
    const isRecursive = source.type === 'FilterExpression' && isNamed(source.filter, RECURSIVE)
    const items = this.#items(isRecursive ? source.operand : source, scope)
    return this.#rounds(node, items, isRecursive, 1, scope)
  }

  /** What a loop writes for `all`; `depth` of loops counts those that call themselves. */
  #rounds(node: ForNode, all: readonly Value[], isRecursive: boolean, depth: number, scope: Scope): string {
    const { loopvar, iterable, body, defaultBlock } = node
    const isWith = loopvar.type === 'Identifier' && loopvar.value === WITH_VARIABLE
    const hasState = !isWith && mentions(body, 'loop')
    const items = iterable.type === 'SelectExpression' ? this.#selected(loopvar, iterable.test, all, scope) : all
    const again = (args: Arguments): string => {
      const more = iterate(required('loop', 'iterable', match('loop', args, ['iterable']).iterable), this.budget)
      return this.budget.nest(() => this.#rounds(node, more, isRecursive, depth + 1, scope))
    }
    const setting = { items, depth, again: isRecursive ? again : undefined, changes: {}, budget: this.budget }
    let text = ''
    // As in Jinja2, the else part also runs where every round was left by break or continue.
    let isComplete = false
    // Not for...of: the list may grow while the loop runs, and Python's loops then go on.
    for (let i = 0; i < items.length; i++) {
      this.budget.spend(ROUND_STEPS)
      const inner = new Scope(scope)
      this.#assign(loopvar, items[i]!, inner)
      if (hasState) inner.set('loop', loopState(setting, i))
      text = concatenate(text, this.render(body, inner), this.budget)
      if (isWith) break
      const leaving = this.#leaving
      this.#leaving = undefined
      isComplete ||= leaving === undefined
      if (leaving === 'break') break
    }
    return isWith || isComplete ? text : concatenate(text, this.render(defaultBlock, new Scope(scope)), this.budget)
  }

  #items(node: Node, scope: Scope): readonly Value[] {
    return iterate(this.#evaluate(node, scope), this.budget)
  }

  /** The items of `for x in items if test`. */
  #selected(loopvar: ForNode['loopvar'], test: Node, items: readonly Value[], scope: Scope): readonly Value[] {
    this.budget.elements(items.length)
    return items.filter((item) => {
      const inner = new Scope(scope)
      this.#assign(loopvar, item, inner)
      return isTrue(this.#evaluate(test, inner))
    })
  }

  #assignment({ assignee, value, body }: SetNode, scope: Scope): void {
    if (value !== null) {
      this.#assign(assignee, this.#evaluate(value, scope), scope)
      return
    }
    let target = assignee
    const filters: FilterName[] = []
    for (; target.type === 'FilterExpression'; target = target.operand) filters.unshift(target.filter)
    const text: Value = this.render(body, new Scope(scope))
    this.#assign(
      target,
      filters.reduce<Value>((sofar, filter) => this.#filtered(sofar, filter, scope), text),
      scope,
    )
  }

  #assign(target: Node, value: Value, scope: Scope): void {
    if (target.type === 'Identifier') scope.set(target.value, value)
    else if (target.type === 'TupleLiteral') this.#unpack(target, value, scope)
    else if (target.type === 'MemberExpression' && !target.computed && target.property.type === 'Identifier') {
      const owner = this.#evaluate(target.object, scope)
      if (!(owner instanceof Namespace) || owner instanceof Loop)
        throw new TemplateFault('cannot assign attribute on non-namespace object')
      owner.fields.set(target.property.value, value)
    } else throw new TemplateFault('expected a name to set, found an expression')
  }

  #unpack(target: TupleNode, value: Value, scope: Scope): void {
    const names = target.value.filter((node) => !isFiller(node))
    const items = iterate(value, this.budget)
    if (items.length !== names.length) {
      const many = items.length > names.length ? 'too many' : 'not enough'
      throw new TemplateFault(told`${many} values to unpack (expected ${names.length}, got ${items.length})`)
    }
    names.forEach((name, i) => {
      this.#assign(name, items[i]!, scope)
    })
  }

  /** A function of the template; it sees the names of the place where it is defined. */
  #macro(node: Pick<MacroNode, 'args' | 'body'>, name: string, scope: Scope): Callable {
    const parameters = node.args.map((parameter) => {
      return parameter.type === 'KeywordArgumentExpression'
        ? { name: parameter.key.value, fallback: parameter.value }
        : { name: (parameter as Identifier).value, fallback: undefined }
    })
    const special = (word: string) =>
      parameters.every((parameter) => parameter.name !== word) && mentions(node.body, word)
    const [takesCaller, takesNamed, takesMore] = [special('caller'), special('kwargs'), special('varargs')]
    return new Callable(name, ({ positional, named }) => {
      const inner = new Scope(scope)
      const left = new Map(named)
      const pending: (() => void)[] = []
      parameters.forEach(({ name: parameter, fallback }, i) => {
        const value = i < positional.length ? positional[i] : left.get(parameter)
        if (i >= positional.length) left.delete(parameter)
        inner.set(parameter, either(value, new Undefined(told`parameter '${parameter}' was not provided`)))
        if (value === undefined && fallback) pending.push(() => inner.set(parameter, this.#evaluate(fallback, inner)))
      })
      if (takesCaller) inner.set('caller', either(left.get('caller'), new Undefined('No caller defined')))
      if (takesCaller) left.delete('caller')
      if (takesNamed) inner.set('kwargs', new Map(left))
      else if (left.size > 0)
        throw new TemplateFault(told`macro '${name}' takes no keyword argument '${[...left.keys()][0]}'`)
      if (takesMore) inner.set('varargs', new Tuple(positional.slice(parameters.length)))
      else if (positional.length > parameters.length) {
        throw new TemplateFault(told`macro '${name}' takes not more than ${parameters.length} argument(s)`)
      }
      return this.budget.nest(() => {
        for (const setDefault of pending) setDefault()
        return this.render(node.body, inner)
      })
    })
  }

  #callBlock({ call, callerArgs, body }: CallStatementNode, scope: Scope): Value {
    const caller = this.#macro({ args: callerArgs ?? [], body }, 'caller', scope)
    const { positional, named } = this.#arguments(call.args, scope)
    return this.#call(this.#evaluate(call.callee, scope), {
      positional,
      named: new Map([...named, ['caller', caller]]),
    })
  }

  #call(callee: Value, args: Arguments): Value {
    this.budget.elements(args.positional.length + args.named.size)
    if (callee instanceof Callable) return this.#built(callee.call(args))
    if (callee instanceof Loop) return this.#built(callee.again(args))
    if (callee instanceof Undefined) throw new TemplateFault(callee.why)
    throw new TemplateFault(told`'${typeName(callee)}' object is not callable`)
  }

  #arguments(nodes: readonly Node[], scope: Scope): Arguments {
    const positional: Value[] = []
    const named = new Map<string, Value>()
    for (const node of nodes) {
      if (node.type === 'KeywordArgumentExpression') named.set(node.key.value, this.#evaluate(node.value, scope))
      else if (node.type === 'SpreadExpression') {
        const more = this.#items(node.argument, scope)
        this.budget.elements(more.length)
        for (const value of more) positional.push(value)
      } else if (node.type === 'KeywordSpreadExpression') {
        const more = this.#evaluate(node.argument, scope)
        if (!isDict(more)) throw new TemplateFault(told`argument after ** must be a mapping, not ${typeName(more)}`)
        this.budget.entries(more.size)
        for (const [key, value] of more) named.set(valueText(key, this.budget), value)
      } else positional.push(this.#evaluate(node, scope))
    }
    return { positional, named }
  }

  /** Applies a filter, or a test in the form of one. */
  #filtered(value: Value, filter: FilterName, scope: Scope): Value {
    const isCall = filter.type === 'CallExpression'
    const callee = isCall ? filter.callee : filter
    if (callee.type !== 'Identifier') throw new TemplateFault('expected the name of a filter, found an expression')
    const args = isCall ? this.#arguments(filter.args, scope) : NO_ARGUMENTS
    const name = callee.value
    if (name.startsWith('is not ')) return !this.test(name.slice(7), value, args)
    if (name.startsWith('is ')) return this.test(name.slice(3), value, args)
    return this.#built(this.filter(name, value, args))
  }

  /** Charges a text that was made; operations that could make far more than they are given ask before. */
  #built(value: Value): Value {
    if (typeof value === 'string') this.budget.characters(value.length)
    return value
  }

  #evaluate(node: Node, scope: Scope): Value {
    this.budget.enter()
    const value = this.#valueOf(node, scope)
    this.budget.leave()
    return value
  }

  #valueOf(node: Node, scope: Scope): Value {
    switch (node.type) {
      case 'Identifier':
        return CONSTANTS.has(node.value) ? CONSTANTS.get(node.value)! : scope.get(node.value, this.budget)
      case 'StringLiteral':
        return node.value
      case 'IntegerLiteral':
        return BigInt(node.value)
      case 'FloatLiteral':
        return node.value
      case 'ArrayLiteral':
        return node.value.map((item) => this.#evaluate(item, scope))
      case 'TupleLiteral':
        return new Tuple(node.value.filter((item) => !isFiller(item)).map((item) => this.#evaluate(item, scope)))
      case 'ObjectLiteral':
        return this.#dictionary(node.value, scope)
      case 'MemberExpression':
        return this.#member(node.object, node.property, node.computed, scope)
      case 'CallExpression':
        return this.#call(this.#evaluate(node.callee, scope), this.#arguments(node.args, scope))
      case 'FilterExpression':
        return this.#filtered(this.#evaluate(node.operand, scope), node.filter, scope)
      case 'BinaryExpression':
        return this.#operation(node.operator.value, node.left, node.right, scope)
      case 'UnaryExpression': {
        const value = this.#evaluate(node.argument, scope)
        return node.operator.value === 'not' ? !isTrue(value) : signed(node.operator.value, value)
      }
      case 'Ternary':
        return this.#evaluate(isTrue(this.#evaluate(node.condition, scope)) ? node.trueExpr : node.falseExpr, scope)
      case 'SelectExpression':
        if (isTrue(this.#evaluate(node.test, scope))) return this.#evaluate(node.lhs, scope)
        return new Undefined('the inline if-expression evaluated to false and no else section was defined')
      default:
        throw new TemplateFault(told`expected an expression, found ${node.type}`)
    }
  }

  #operation(operator: string, left: Node, right: Node, scope: Scope): Value {
    const value = this.#evaluate(left, scope)
    if (operator === 'and') return isTrue(value) ? this.#evaluate(right, scope) : value
    if (operator === 'or') return isTrue(value) ? value : this.#evaluate(right, scope)
    return binary(operator, value, this.#evaluate(right, scope), this.budget)
  }

  #dictionary(entries: ReadonlyMap<Node, Node>, scope: Scope): Dict {
    const dict: Dict = new Map()
    this.budget.entries(entries.size)
    for (const [key, value] of entries) {
      dict.set(sameKey(dict, asKey(this.#evaluate(key, scope)), this.budget), this.#evaluate(value, scope))
    }
    return dict
  }

  #member(object: Node, property: Node, isComputed: boolean, scope: Scope): Value {
    const value = this.#evaluate(object, scope)
    if (property.type === 'SliceExpression') return this.#slice(value, property, scope)
    if (isComputed) return itemOf(value, this.#evaluate(property, scope), this.budget)
    if (property.type === 'IntegerLiteral') return itemOf(value, BigInt(property.value), this.budget)
    return attributeOf(value, (property as Identifier).value, this.budget)
  }

  #slice(value: Value, { start, stop, step }: SliceNode, scope: Scope): Value {
    const [from, to, stride] = [start, stop, step].map((bound) => (bound ? this.#evaluate(bound, scope) : null))
    return sliceOf(value, from!, to!, stride!, this.budget)
  }
}

const isNamed = (filter: FilterName, name: string): boolean => filter.type === 'Identifier' && filter.value === name

const isFiller = (node: Node): boolean => node.type === 'Identifier' && node.value === NO_ELEMENT
