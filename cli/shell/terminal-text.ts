// Text that a model or a template made, as a terminal is given it. Pure.

/** Every control character but newline and tab, and the marks that turn a line's direction round. */
const STEERING = /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu

/**
 * The text without what would steer the terminal. It looks at single characters: a sequence that comes in pieces has lost
 * its first one, and nothing that can be read is hidden.
 */
export const steeringFree = (text: string): string => text.replace(STEERING, '')
