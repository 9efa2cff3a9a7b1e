// The machine this process runs on.
import { availableParallelism } from 'node:os'
import { readSystemText } from '../gguf/file-source.ts'
import { readTopology, type Topology } from './topology.ts'

/** The machine this process runs on. */
export const machineTopology = (): Topology => readTopology(readSystemText, availableParallelism())

/** Memory that this process can still get, with what its control group allows. */
export const freeMemoryBytes = (): number => process.availableMemory()
