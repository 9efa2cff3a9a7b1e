// All keywords that narrow the values, in the order in which they are read: those that leave no choice first, those that
// speak of what others left last. Every other keyword is an annotation. Pure.
import type { Keyword } from './keyword.ts'
import { BRANCH_KEYWORDS, REFERENCE_KEYWORDS } from './keywords/branch-keywords.ts'
import { ITEM_KEYWORDS, UNEVALUATED_ITEMS } from './keywords/item-keywords.ts'
import { DEPENDENCY_KEYWORDS, MEMBER_KEYWORDS, UNEVALUATED_MEMBERS } from './keywords/member-keywords.ts'
import { NUMBER_KEYWORDS } from './keywords/number-keywords.ts'
import { TEXT_KEYWORDS } from './keywords/text-keywords.ts'
import { TYPE_KEYWORDS } from './keywords/type-keywords.ts'
import type { SchemaNode } from './schema-node.ts'

const KEYWORDS: readonly Keyword[] = [
  ...TYPE_KEYWORDS,
  ...TEXT_KEYWORDS,
  ...NUMBER_KEYWORDS,
  ...MEMBER_KEYWORDS,
  ...ITEM_KEYWORDS,
  ...REFERENCE_KEYWORDS,
  ...BRANCH_KEYWORDS,
  ...DEPENDENCY_KEYWORDS,
  ...UNEVALUATED_MEMBERS,
  ...UNEVALUATED_ITEMS,
]

/** Those that a schema has; `isHiding`: a reference hides the others. */
export function keywordsOf({ schema }: SchemaNode, isHiding: boolean): readonly Keyword[] {
  const isHidden = isHiding && typeof schema.$ref === 'string'
  return KEYWORDS.filter(({ names }) =>
    isHidden ? names[0] === '$ref' : names.some((name) => schema[name] !== undefined),
  )
}
