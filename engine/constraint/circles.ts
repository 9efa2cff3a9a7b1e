// Whether what leads to something else comes back to where it began. Pure.

/** A name from which the leads come back to it, if there is one. */
export function circleOf(leads: ReadonlyMap<string, ReadonlySet<string>>): string | undefined {
  const done = new Set<string>()
  for (const begin of leads.keys()) {
    /** The way from there, each with what it may still lead to. A chain may be longer than the stack is deep. */
    const way = new Map<string, Iterator<string>>()
    const names: string[] = []
    const enter = (name: string): void => {
      way.set(name, (leads.get(name) ?? new Set<string>()).values())
      names.push(name)
    }
    if (!done.has(begin)) enter(begin)
    for (let name = names.at(-1); name !== undefined; name = names.at(-1)) {
      const { value: next, done: isLast } = way.get(name)!.next()
      if (isLast) {
        way.delete(name)
        names.pop()
        done.add(name)
      } else if (way.has(next)) return next
      else if (!done.has(next)) enter(next)
    }
  }
  return undefined
}
