// Texts for the benches of speculation, in the words the embedded model knows.

/** The beginning of a story. */
export const NOVEL_PROMPT = 'Once upon a time'

const STORY =
  'Once upon a time, there was a little girl named Lily. She loved to play outside in the sun. One day, she went to the ' +
  'park with her mommy and daddy. '

/** A story told twice, and begun again: the model tells it once more, nearly. */
export const REPETITIVE_PROMPT = `${STORY}${STORY}Once upon a time`
