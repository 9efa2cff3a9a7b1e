// The typed mirror of kernels-as/index.ts and the only file that touches WebAssembly: a kernel is a free function
// over byte addresses of one stage memory; the caller owns all memory.
