// What is said of a model that was loaded: that it runs otherwise than somebody may expect. Pure.
import type { ModelInfo } from '../public/info.ts'
import type { LoadOptions } from '../public/loading.ts'

/** A line each, for `LoadOptions.onNotice`. `node`: its version. */
export function loadNotices(info: ModelInfo, options: LoadOptions, node: string): string[] {
  const { contextLength, contextLengthTrained, plan, kernels } = info
  const notices: string[] = []
  if (contextLength > contextLengthTrained) {
    notices.push(
      `context: ${contextLength} positions, as asked; the model was made for ${contextLengthTrained}, and what it writes ` +
        'beyond them may make no sense',
    )
  }
  if (plan.genericTypes.length > 0) {
    notices.push(`no kernels for ${plan.genericTypes.join(', ')} weights: computed generically, which is slower`)
  }
  const { kernels: wanted = 'auto', experimentalV8 = false } = options
  if (kernels === 'plain' && wanted === 'auto' && !experimentalV8) {
    notices.push(
      `kernels: Node ${node} runs the plain build, the slowest: load with experimentalV8: true, start node with ` +
        '--experimental-wasm-relaxed-simd, or use Node 22 or newer',
    )
  }
  return notices
}
