// Whether a part of a template names a variable.
import type { Node } from './syntax.ts'

const found = new WeakMap<readonly Node[], Map<string, boolean>>()

/** Remembered per part, since a macro inside a loop is defined anew each round. */
export function mentions(nodes: readonly Node[], name: string): boolean {
  const known = found.get(nodes) ?? new Map<string, boolean>()
  found.set(nodes, known)
  const result = known.get(name) ?? holds(nodes, name)
  known.set(name, result)
  return result
}

function holds(part: unknown, name: string): boolean {
  if (typeof part !== 'object' || part === null) return false
  if (part instanceof Map) return holds([...part].flat(), name)
  if (Array.isArray(part)) return part.some((inner) => holds(inner, name))
  const node = part as { readonly type?: string; readonly value?: unknown }
  return (node.type === 'Identifier' && node.value === name) || holds(Object.values(part), name)
}
