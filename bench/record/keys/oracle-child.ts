// The process in which `bench keys` asks llama.cpp about one file after another: some keys make it end its process.
import { type Library, startLibrary } from '../../peers/library.ts'
import { factsOf } from './llama-facts.ts'
import { type Answer, figuresOf } from './llama-figures.ts'
import type { FactsAnswer } from './vocabulary-facts.ts'

export interface Question {
  readonly path: string
  /** Of a whole model, or of a vocabulary alone. */
  readonly about: 'figures' | 'facts'
}

let started: Library | undefined

process.on('message', async ({ path, about }: Question) => {
  started ??= await startLibrary(1)
  let answer: Answer | FactsAnswer
  try {
    answer = await (about === 'figures' ? figuresOf(started, path) : factsOf(started, path))
  } catch (error) {
    answer = { refused: error instanceof Error ? error.message : String(error) }
  }
  process.send!(answer)
})
