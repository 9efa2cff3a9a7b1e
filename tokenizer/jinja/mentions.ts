// Whether a part of a template names a variable.
import type { Node } from './syntax.ts'

const found = new WeakMap<readonly Node[], Map<string, boolean>>()

/**
 * Remembered per list of nodes, since a macro inside a loop is defined anew each round, and since lists lie inside each
 * other: so all lists of a template together are read once per name.
 */
export function mentions(nodes: readonly Node[], name: string): boolean {
  const known = found.get(nodes) ?? new Map<string, boolean>()
  found.set(nodes, known)
  const result = known.get(name) ?? nodes.some((node) => holds(node, name))
  known.set(name, result)
  return result
}

function holds(part: unknown, name: string): boolean {
  if (typeof part !== 'object' || part === null) return false
  if (part instanceof Map) return holds([...part].flat(), name)
  if (Array.isArray(part)) return mentions(part, name)
  const node = part as { readonly type?: string; readonly value?: unknown }
  return (node.type === 'Identifier' && node.value === name) || Object.values(part).some((inner) => holds(inner, name))
}
