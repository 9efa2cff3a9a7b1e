// Classes of the size of n words (block-weights.ts) of each of a group's eight rows: what a class of codes extends, so that
// `offsetof` is where the codes end.

@unmanaged export class Words2 { a: v128; b: v128; c: v128; d: v128 }
@unmanaged export class Words3 extends Words2 { e: v128; f: v128 }
@unmanaged export class Words4 extends Words3 { g: v128; h: v128 }
@unmanaged export class Words5 extends Words4 { i: v128; j: v128 }
@unmanaged export class Words6 extends Words5 { k: v128; l: v128 }
@unmanaged export class Words8 extends Words6 { m: v128; n: v128; o: v128; p: v128 }
