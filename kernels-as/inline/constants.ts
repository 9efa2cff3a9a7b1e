// Compile-time parameters. AssemblyScript has them only as types, so a type stands for a number or a name: the class
// of n bytes for n (`offsetof<N>()`), and two names are the same if their classes have the same size. Conditions on
// them are decided by the compiler, and sums of them can be the offset of a load.

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

@unmanaged
export class C8 {
  a: u64
}
@unmanaged
export class C9 {
  a: u64
  b: u8
}
@unmanaged
export class C10 {
  a: u64
  b: u16
}
@unmanaged
export class C11 {
  a: u64
  b: u16
  c: u8
}
@unmanaged
export class C12 {
  a: u64
  b: u32
}

// @ts-ignore: decorator
@inline
export function same<T, U>(): bool {
  return offsetof<T>() == offsetof<U>()
}
