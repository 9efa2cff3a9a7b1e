// Types for users whose modules are CommonJS: `require('tsinfer')` gives them the same module, which Node loads
// synchronously from 20.19 on.
import type * as tsinfer from './dist/index.js' with { 'resolution-mode': 'import' }

export type * from './dist/index.js' with { 'resolution-mode': 'import' }
export type TsinferError = tsinfer.TsinferError
export declare const DEFAULT_SAMPLING: typeof tsinfer.DEFAULT_SAMPLING
export declare const TsinferError: typeof tsinfer.TsinferError
export declare const checkResponseFormat: typeof tsinfer.checkResponseFormat
export declare const inspectModel: typeof tsinfer.inspectModel
export declare const inspectPair: typeof tsinfer.inspectPair
export declare const isInputError: typeof tsinfer.isInputError
export declare const keepTuning: typeof tsinfer.keepTuning
export declare const loadModel: typeof tsinfer.loadModel
export declare const machineTopology: typeof tsinfer.machineTopology
export declare const openTokenizer: typeof tsinfer.openTokenizer
export declare const readChatTemplate: typeof tsinfer.readChatTemplate
