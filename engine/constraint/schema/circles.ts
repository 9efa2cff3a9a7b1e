// Whether what leads to something else comes back to where it began. Pure.

/** A name from which the leads come back to it, if there is one. */
export function circleOf(leads: ReadonlyMap<string, ReadonlySet<string>>): string | undefined {
  const done = new Set<string>()
  const open = new Set<string>()
  const visit = (name: string): string | undefined => {
    if (open.has(name)) return name
    if (done.has(name)) return undefined
    open.add(name)
    for (const next of leads.get(name) ?? []) {
      const circle = visit(next)
      if (circle !== undefined) return circle
    }
    open.delete(name)
    done.add(name)
    return undefined
  }
  for (const name of leads.keys()) {
    const circle = visit(name)
    if (circle !== undefined) return circle
  }
  return undefined
}
