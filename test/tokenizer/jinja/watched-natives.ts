// Says when one of the engine's own functions is about to pass over a text or list, and how long that is.

type Native = (...args: unknown[]) => unknown

const STRING = ['indexOf', 'lastIndexOf', 'includes', 'split', 'replace', 'replaceAll', 'toLowerCase', 'toUpperCase']
const WHOLE = [...STRING, 'trim', 'match', 'matchAll', 'search', 'normalize', 'localeCompare']
const ARRAY = ['slice', 'splice', 'reverse', 'sort', 'join', 'concat', 'map', 'filter', 'indexOf', 'includes', 'flat']

const sizeOf = (value: unknown): number => (typeof value === 'string' || Array.isArray(value) ? value.length : 0)

/** Calls `before` each time until the function it returns is called. */
export function watchNatives(before: (name: string, size: number) => void): () => void {
  const restore: (() => void)[] = []
  const watch = (owner: object, name: string, size: (self: unknown, args: readonly unknown[]) => number) => {
    const methods = owner as Record<string, Native>
    const original = methods[name]!
    methods[name] = function (this: unknown, ...args: unknown[]) {
      before(name, size(this, args))
      return Reflect.apply(original, this, args)
    }
    restore.push(() => {
      methods[name] = original
    })
  }
  for (const name of WHOLE) watch(String.prototype, name, (self) => sizeOf(self))
  for (const name of ARRAY) watch(Array.prototype, name, (self) => sizeOf(self))
  for (const name of ['exec', 'test']) watch(RegExp.prototype, name, (_, [text]) => sizeOf(text))
  watch(Array, 'from', (_, [value]) => sizeOf(value))
  watch(JSON, 'stringify', (_, [value]) => sizeOf(value))
  watch(globalThis, 'encodeURIComponent', (_, [value]) => sizeOf(value))
  watch(String.prototype, 'repeat', (self, [times]) => sizeOf(self) * Number(times))
  return () => {
    for (const undo of restore) undo()
  }
}
