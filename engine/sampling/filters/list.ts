// All filters, one a line.
export { logitBias } from './logit-bias.ts'
export { minP } from './min-p.ts'
export { penalties } from './penalties.ts'
export { topK } from './top-k.ts'
export { topP } from './top-p.ts'
