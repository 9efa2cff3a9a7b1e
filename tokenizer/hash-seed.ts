// Odd numbers by which hash tables of this process mix their keys. They are drawn anew for every process, so that nobody
// can make a file whose texts or merges all fall into one slot; what a table finds does not depend on them. Pure.

const drawn = (): number => Math.trunc(Math.random() * 2 ** 32) | 1
export const MIX_LEFT = drawn()
export const MIX_RIGHT = drawn()
