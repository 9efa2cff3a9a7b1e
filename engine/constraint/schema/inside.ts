// Which schemas a member or an item must keep. Pure.
import type { Languages } from '../texts/languages.ts'
import { type Assertion, type Assertions, type Items, type Members, type MembersPart, sameAssertion } from './shape.ts'

export function memberAssertions({ parts }: Members, name: string, languages: Languages): Assertions {
  return distinct(parts.flatMap((part) => ofPart(part, part.named.get(name), (names) => languages.has(names, name))))
}

/** Of one part: by name, by every pattern that finds something, else as another. */
export function ofPart(
  { patterns, others }: MembersPart,
  own: Assertion | undefined,
  finds: (names: number) => boolean,
): Assertion[] {
  const found = patterns.filter(({ names }) => finds(names)).map(({ assertion }) => assertion)
  if (own) found.unshift(own)
  return found.length > 0 || others === undefined ? found : [others]
}

export function itemAssertions({ parts }: Items, index: number): Assertions {
  return distinct(parts.flatMap(({ first, others }) => first[index] ?? others ?? []))
}

/** How many items are said to be something by their place. */
export const firstCount = ({ parts }: Items): number => Math.max(0, ...parts.map(({ first }) => first.length))

function distinct(assertions: Assertions): Assertions {
  return assertions.filter((one, i) => assertions.findIndex((other) => sameAssertion(one, other)) === i)
}
