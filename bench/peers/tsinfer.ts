// The process in which peers' bench measures tsinfer.
import { loadModel } from '../../index.ts'
import type { LoadTask } from './protocol.ts'
import { type LoadedPeer, servePeer } from './serve.ts'

servePeer(async ({ path, context, threads }: LoadTask): Promise<LoadedPeer> => {
  const model = await loadModel(path, { context, threads, experimentalV8: true })
  const { plan, kernels } = model.info
  return {
    description: `tsinfer: ${plan.text}, ${kernels} kernels`,
    async *generate(ids, tokens) {
      const options = { temperature: 0, ignoreEos: true, maxTokens: tokens }
      for await (const { token } of model.generate(ids, options)) yield token
    },
    close: () => model.close(),
  }
})
