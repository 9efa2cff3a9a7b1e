// Where `$ref` leads, within the same document. Pure.
import { invalidSchema, type SchemaNode, unsupportedSchema } from './schema-node.ts'

/** The schema at a reference, and its pointer in one spelling. Only pointers into the document are followed. */
export function resolveReference(root: unknown, { schema, path }: SchemaNode): { schema: unknown; pointer: string } {
  const { $ref } = schema
  if (typeof $ref !== 'string') throw invalidSchema(`${path}/$ref`, 'a text', $ref)
  if ($ref !== '#' && !$ref.startsWith('#/')) {
    throw unsupportedSchema(`${path}/$ref`, 'a pointer into this schema (#/...)', JSON.stringify($ref))
  }
  let target = root
  for (const part of $ref.split('/').slice(1)) {
    const key = keyOf(part, path)
    const isInside = typeof target === 'object' && target !== null && Object.hasOwn(target, key)
    if (!isInside) throw invalidSchema(`${path}/$ref`, 'a pointer to a schema', $ref)
    target = (target as Record<string, unknown>)[key]
  }
  return { schema: target, pointer: $ref }
}

function keyOf(part: string, path: string): string {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    throw invalidSchema(`${path}/$ref`, 'a pointer', part)
  }
}

/** A pointer from which the leads come back to it, if there is one. */
export function circleOf(leads: ReadonlyMap<string, ReadonlySet<string>>): string | undefined {
  const done = new Set<string>()
  const open = new Set<string>()
  const visit = (pointer: string): string | undefined => {
    if (open.has(pointer)) return pointer
    if (done.has(pointer)) return undefined
    open.add(pointer)
    for (const next of leads.get(pointer) ?? []) {
      const circle = visit(next)
      if (circle !== undefined) return circle
    }
    open.delete(pointer)
    done.add(pointer)
    return undefined
  }
  for (const pointer of leads.keys()) {
    const circle = visit(pointer)
    if (circle !== undefined) return circle
  }
  return undefined
}
