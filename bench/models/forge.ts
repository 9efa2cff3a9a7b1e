// Command line: writes model files for benchmarks and tests.
//   forge.js --shape 1b --type Q4_0 --head Q6_K -o 1b.gguf
//   forge.js --shape 5g --zeros -o 5g.gguf
//   forge.js --widen cli/models/stories260K.gguf --shape 1b --type Q8_0 -o wide.gguf
//   forge.js --recipe gemma3 --type F16 -o gemma3.gguf
//   forge.js --widen MODEL --width 256 --ffn 512 --layers 6 --heads 8 --kv-heads 4 --type Q4_K --head Q6_K -o FILE
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { FORGED_TYPES, type ForgedType, isForged } from './quantize.ts'
import { forgeRandom } from './random-model.ts'
import { RECIPES } from './recipes.ts'
import { SHAPES, type Shape } from './shapes.ts'
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
  recipe: text,
  output: { ...text, short: 'o' },
} as const

type Values = ReturnType<typeof parse>

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options: OPTIONS }).values
}

function typeOf(name: string): ForgedType {
  if (isForged(name)) return name
  throw new Error(`expected a type of ${FORGED_TYPES.join(', ')}, found ${name}`)
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

/** Forges what the arguments ask for and returns a line about it. */
export function forge(args: readonly string[]): string {
  const values = parse(args)
  if (values.output === undefined) throw new Error('expected -o FILE')
  if (values.recipe !== undefined) return forgeRecipe(values.recipe, values.output, typeOf(values.type ?? 'F16'))
  const shape = shapeOf(values)
  const matrices = typeOf(values.type ?? 'Q8_0')
  const types = { matrices, head: typeOf(values.head ?? matrices), down: typeOf(values.down ?? matrices) }
  const name = `synthetic ${values.shape ?? `${shape.width}x${shape.layers}`} ${matrices}`
  const bytes =
    values.widen === undefined
      ? forgeSynthetic(values.output, { shape, types, name, zeros: values.zeros ?? false })
      : forgeWidened(values.output, values.widen, shape, types)
  return `${values.output}: ${bytes} bytes`
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
