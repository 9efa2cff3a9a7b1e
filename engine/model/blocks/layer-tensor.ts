// The tensors of a layer: what a block says of those it owns, names in a file, roles in the engine, shapes. Pure.
import type { LayerShape, ModelConfig } from '../config/model-config.ts'

/** A dimension in a layer of a model. */
export type Size = (config: ModelConfig, layer: LayerShape) => number

/** A share of a tensor's outputs, all of them unless several roles are fused into one tensor. */
export interface TensorPart {
  /** A name that no other tensor of the layer has. */
  readonly role: string
  readonly outputs: Size
}

/** One tensor of every layer: blk.N.NAME. */
export interface LayerTensor {
  readonly name: string
  /** Inputs of a matrix; undefined for a vector. */
  readonly inputs: Size | undefined
  /** One after the other along the outputs. */
  readonly parts: readonly TensorPart[]
  /** Matrices of this shape that follow one another, as a third dimension. */
  readonly slabs: Size | undefined
  readonly optional: boolean
}

/** Elements of the residual stream. */
export const width: Size = (c) => c.width

type PartShape = readonly [role: string, outputs: Size]

const tensor = (name: string, inputs: Size | undefined, parts: readonly PartShape[]): LayerTensor => ({
  name,
  inputs,
  parts: parts.map(([role, outputs]) => ({ role, outputs })),
  slabs: undefined,
  optional: false,
})

export const matrix = (role: string, name: string, inputs: Size, outputs: Size): LayerTensor =>
  tensor(`${name}.weight`, inputs, [[role, outputs]])

export const vector = (role: string, name: string, length: Size): LayerTensor =>
  tensor(name, undefined, [[role, length]])

/** Matrices of several roles in one tensor. */
export const fusedMatrix = (name: string, inputs: Size, ...parts: readonly PartShape[]): LayerTensor =>
  tensor(`${name}.weight`, inputs, parts)

export const fusedVector = (name: string, ...parts: readonly PartShape[]): LayerTensor => tensor(name, undefined, parts)

/** A matrix for each expert. */
export const slabs = (role: string, name: string, inputs: Size, outputs: Size): LayerTensor => ({
  ...matrix(role, name, inputs, outputs),
  slabs: (c) => c.experts!.count,
})

/** A tensor that a model may lack. */
export const optional = (layerTensor: LayerTensor): LayerTensor => ({ ...layerTensor, optional: true })

/** Expected shape in ggml's order: inputs first, then outputs. */
export function dimsOf({ inputs, parts, slabs }: LayerTensor, config: ModelConfig, layer: LayerShape): number[] {
  const outputs = parts.reduce((sum, part) => sum + part.outputs(config, layer), 0)
  return [...(inputs ? [inputs(config, layer)] : []), outputs, ...(slabs ? [slabs(config, layer)] : [])]
}
