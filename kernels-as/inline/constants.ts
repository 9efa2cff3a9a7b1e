// Compile-time parameters. AssemblyScript has them only as types, so a type stands for a number: the class of n bytes for n
// (`offsetof<N>()`), and two of them are the same if their classes have the same size. Conditions on them are decided by the
// compiler, and sums of them can be the offset of a load. A class may also describe something by its methods: `kind`.

@unmanaged
export class C0 {}
@unmanaged
export class C1 {
  a: u8
}
@unmanaged
export class C2 {
  a: u16
}
@unmanaged
export class C3 {
  a: u16
  b: u8
}
@unmanaged
export class C4 {
  a: u32
}
@unmanaged
export class C5 {
  a: u32
  b: u8
}
@unmanaged
export class C6 {
  a: u32
  b: u16
}
@unmanaged
export class C7 {
  a: u32
  b: u16
  c: u8
}

// @ts-ignore: decorator
@inline
export function same<T, U>(): bool {
  return offsetof<T>() == offsetof<U>()
}

/**
 * What class T says. There is no object: its methods are inlined and use nothing of `this`, so what a method returns
 * whatever its arguments is known to the compiler, and a method that T lacks is a compile error.
 */
// @ts-ignore: decorator
@inline
export function kind<T>(): T {
  return changetype<T>(0)
}
