// What users of the library get of the engine as it is. Their compilers read the declarations of this file and of all it
// reaches, so nothing here leads to the engine's threads and memories (test/api/public-declarations.test.ts).

export { type ErrorCode, isInputError, TsinferError } from '../errors.ts'
export { machineTopology } from '../load/machine.ts'
export type { Topology } from '../load/topology.ts'
export { DEFAULT_SAMPLING } from '../options/sampling.ts'
export type * from './chat.ts'
export type * from './embed.ts'
export type * from './generation.ts'
export type * from './info.ts'
export type * from './inspection.ts'
export type * from './loading.ts'
export type * from './model.ts'
export type * from './score.ts'
export type * from './session.ts'
export type * from './speculation.ts'
export type * from './stats.ts'
export type * from './tokenize.ts'
