// Loads a model for a command: with a progress bar, closed again whatever happens.
import { fileURLToPath } from 'node:url'
import { type LoadOptions, loadModel, type Model } from '../../index.ts'
import { costsFile, tuningFolder } from '../measure/cache.ts'
import { noteLine } from './output.ts'
import { startProgress } from './progress.ts'

/** The model inside the package: stories260K, MIT. */
export const EMBEDDED_MODEL: string = fileURLToPath(new URL('../../../cli/models/stories260K.gguf', import.meta.url))

/** Positions of its stories: it was trained on no longer ones. */
export const EMBEDDED_CONTEXT = 512

export async function withModel(
  path: string,
  options: LoadOptions,
  signal: AbortSignal,
  use: (model: Model) => Promise<void>,
): Promise<void> {
  const progress = startProgress('loading')
  const loading = loadModel(path, {
    tuning: tuningFolder(),
    costs: costsFile(),
    ...options,
    signal,
    onProgress: (fraction) => progress.update(fraction),
    onNotice: (notice) => {
      progress.end()
      noteLine(notice)
    },
  })
  const model = await loading.finally(() => progress.end())
  try {
    await use(model)
  } finally {
    await model.close()
  }
}
