// All drafters, one a line.
export { draftModel } from './draft-model.ts'
export { ngrams } from './ngrams.ts'
