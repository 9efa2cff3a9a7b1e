// Command line: writes model files for benchmarks and tests.
//   forge.js --shape 1b --type Q4_0 --head Q6_K -o 1b.gguf
//   forge.js --shape 5g --zeros -o 5g.gguf
//   forge.js --widen cli/models/stories260K.gguf --shape 1b --type Q8_0 -o wide.gguf
//   forge.js --widen cli/models/stories75K-draft.gguf --shape 160m --type Q4_0 --head-shift 1 -o always-wrong.gguf
//   forge.js --recipe gemma3 --type F16 -o gemma3.gguf
//   forge.js --widen MODEL --width 256 --ffn 512 --layers 6 --heads 8 --kv-heads 4 --type Q4_K --head Q6_K -o FILE
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { COMPUTABLE_TYPES, type ComputableType } from '../../engine/gguf/ggml-types.ts'
import { FORGED_TYPES, type ForgedType } from './quantize.ts'
import { forgeRandom } from './random-model.ts'
import { RECIPES } from './recipes.ts'
import { SHAPES, type Shape, type TypeChoice } from './shapes.ts'
import { forgeSynthetic } from './synthetic.ts'
import { forgeWidened } from './widen.ts'

const text = { type: 'string' } as const
const OPTIONS = {
  shape: text,
  width: text,
  ffn: text,
  layers: text,
  heads: text,
  'kv-heads': text,
  words: text,
  type: text,
  head: text,
  down: text,
  zeros: { type: 'boolean' },
  widen: text,
  'head-shift': text,
  recipe: text,
  output: { ...text, short: 'o' },
} as const

type Values = ReturnType<typeof parse>

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS }).values
}

/** The type called `name`, which must be one of `types`. */
function typeOf<T extends ComputableType>(types: readonly T[], name: string): T {
  const type = types.find((known) => known === name)
  if (type !== undefined) return type
  throw new Error(`expected a type of ${types.join(', ')}, found ${name}`)
}

/** The named shape with single numbers replaced; without a name, all numbers must be given. */
function shapeOf(values: Values): Shape {
  const named = values.shape === undefined ? undefined : SHAPES[values.shape.toLowerCase()]
  if (values.shape !== undefined && named === undefined) {
    throw new Error(`expected a shape of ${Object.keys(SHAPES).join(', ')}, found ${values.shape}`)
  }
  const number = (option: string, given: string | undefined, fallback: number | undefined): number => {
    const value = given === undefined ? fallback : Number(given)
    if (value !== undefined && Number.isInteger(value) && value > 0) return value
    throw new Error(`expected a whole number for --${option}, found ${given ?? 'none, and no --shape'}`)
  }
  return {
    width: number('width', values.width, named?.width),
    ffnWidth: number('ffn', values.ffn, named?.ffnWidth),
    layers: number('layers', values.layers, named?.layers),
    heads: number('heads', values.heads, named?.heads),
    kvHeads: number('kv-heads', values['kv-heads'], named?.kvHeads),
    words: number('words', values.words, named?.words ?? 512),
  }
}

function headShift({ 'head-shift': given = '0' }: Values): number {
  if (/^\d+$/.test(given)) return Number(given)
  throw new Error(`expected a whole number for --head-shift, found ${given}`)
}

/** Forges what the arguments ask for and returns a line about it. */
export function forge(args: readonly string[]): string {
  const values = parse(args)
  if (values.output === undefined) throw new Error('expected -o FILE')
  const { output, recipe, widen, type: matrices = recipe === undefined ? 'Q8_0' : 'F16' } = values
  if (recipe !== undefined) return forgeRecipe(recipe, output, typeOf(FORGED_TYPES, matrices))
  const shape = shapeOf(values)
  const typesOf = <T extends ComputableType>(known: readonly T[]): TypeChoice<T> => ({
    matrices: typeOf(known, matrices),
    head: typeOf(known, values.head ?? matrices),
    down: typeOf(known, values.down ?? matrices),
  })
  const name = `synthetic ${values.shape ?? `${shape.width}x${shape.layers}`} ${matrices}`
  const bytes =
    widen === undefined
      ? forgeSynthetic(output, { shape, types: typesOf(COMPUTABLE_TYPES), name, zeros: values.zeros ?? false })
      : forgeWidened(output, widen, shape, typesOf(FORGED_TYPES), headShift(values))
  return `${output}: ${bytes} bytes`
}

function forgeRecipe(name: string, output: string, type: ForgedType): string {
  const recipe = RECIPES[name]
  if (recipe === undefined) throw new Error(`expected a recipe of ${Object.keys(RECIPES).join(', ')}, found ${name}`)
  return `${output}: ${forgeRandom(output, recipe, type)} bytes`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(forge(process.argv.slice(2)))
  } catch (error) {
    console.error(`forge: ${error instanceof Error ? error.message : error}`)
    process.exitCode = 2
  }
}
