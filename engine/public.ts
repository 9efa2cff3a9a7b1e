// What users of the library get of the engine as it is. Their compilers read the declarations of this file and of all it
// reaches, so nothing here leads to the engine's threads and memories (test/public-declarations.test.ts).
import { availableParallelism } from 'node:os'
import { readSystemText } from './gguf/file-source.ts'
import { readTopology, type Topology } from './load/topology.ts'

export type * from './chat-types.ts'
export { type ErrorCode, isInputError, TsinferError } from './errors.ts'
export type * from './inspection-types.ts'
export type { Topology } from './load/topology.ts'
export type * from './model-types.ts'
export { DEFAULT_SAMPLING } from './options/sampling.ts'
export type * from './stats-types.ts'
export type * from './types.ts'

/** The machine this process runs on. */
export const machineTopology = (): Topology => readTopology(readSystemText, availableParallelism())
