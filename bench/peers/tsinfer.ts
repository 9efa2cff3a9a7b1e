// The process in which peers' bench measures tsinfer.
import { readFileSync } from 'node:fs'
import { loadModel } from '../../index.ts'
import { timeGeneration } from '../generation.ts'
import type { LoadTask } from './protocol.ts'
import { type LoadedPeer, servePeer } from './serve.ts'

const manifest = new URL('../../../package.json', import.meta.url)
const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }

servePeer(async ({ path, context, threads }: LoadTask): Promise<LoadedPeer> => {
  const model = await loadModel(path, { context, threads, experimentalV8: true })
  const { plan, kernels } = model.info
  return {
    version: `tsinfer ${version}`,
    settings: `${plan.text}, ${kernels} kernels`,
    generate: (ids, tokens) => timeGeneration(model, ids, tokens),
    close: () => model.close(),
  }
})
