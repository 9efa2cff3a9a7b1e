// Reads whole small tensors into the JS heap; weight matrices go straight into stage memory instead (model/load.ts).
import { assert } from '../errors.ts'
import type { GgufFile } from './file.ts'
import { reopenFile } from './file-source.ts'
import type { TensorInfo } from './tensor-table.ts'

/**
 * The values of an F32 tensor.
 * @throws TsinferError `file_changed` where the file is not what it was when its header was read
 */
export function readF32Tensor(file: GgufFile, tensor: TensorInfo): Float32Array {
  assert(tensor.type === 'F32', `${tensor.name} holds ${tensor.type}, not F32`)
  const source = reopenFile(file.shards[tensor.shard]!)
  try {
    const values = new Float32Array(tensor.bytes / 4)
    source.readInto(new Uint8Array(values.buffer), tensor.offset)
    return values
  } finally {
    source.close()
  }
}
