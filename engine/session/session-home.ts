// What all sessions of a loaded model share.
import type { Engine } from '../engine.ts'
import { imageTokenBytes } from '../kv/image.ts'
import type { PreparedModel } from '../load/prepare.ts'
import { stageCells } from '../model/memory/layout.ts'
import { modelDigest, rotationsDigest } from './model-digest.ts'
import type { SessionModel } from './session-header.ts'

export interface SessionHome {
  readonly engine: Engine
  readonly contextLength: number
  readonly vocabularySize: number
  /** What a session file says of the model. Reads the model's files, once. */
  model(): Promise<SessionModel>
}

/** `name`: of the model, for people. */
export function sessionHome(engine: Engine, prepared: PreparedModel, name: string): SessionHome {
  let known: Promise<SessionModel> | undefined
  return {
    engine,
    contextLength: prepared.plan.sizes.contextLength,
    vocabularySize: prepared.config.vocabularySize,
    model() {
      if (!known) {
        known = describe(prepared, name)
        known.catch(() => {
          known = undefined
        })
      }
      return known
    },
  }
}

async function describe({ file, config, plan, ropes }: PreparedModel, model: string): Promise<SessionModel> {
  const { cellTypeK, cellTypeV } = plan.sizes
  const { layerCount: layers, kvHeads } = config
  const digest = await modelDigest(file)
  const rotations = rotationsDigest(ropes)
  return {
    model,
    digest,
    layers,
    kvHeads,
    cellTypeK,
    cellTypeV,
    rotations,
    tokenBytes: imageTokenBytes(plan.stages.map(stageCells)),
  }
}
