// Values whose handling costs more than their size tells: long integers, numbers as keys, texts that are almost numbers.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ChatTemplate } from '../../../tokenizer/chat-template.ts'
import { parseLocalTime } from '../../../tokenizer/jinja/strftime.ts'
import type { Value } from '../../../tokenizer/jinja/values.ts'
import { assertNearLinear } from '../../growth.ts'

const now = parseLocalTime('2026-01-02T03:04:05')

const render = (source: string, variables: ReadonlyMap<string, Value> = new Map()): string =>
  new ChatTemplate(source).render({ variables, now })

const LONG = '{% set b = 2 ** 1010 %}{% set b = b * b * b * b %}'
const often = (body: string): string =>
  `${LONG}{% for i in range(100000) %}{% for j in range(10) %}${body}{% endfor %}{% endfor %}`

const DEAR = [
  often('{% set x = b | string %}'),
  often('{% set x = b | tojson %}'),
  often('{% set x = {b: 1} | tojson %}'),
  often("{% set x = '%d' % b %}"),
  often("{% set x = '{:x}'.format(b) %}"),
  often('{% set x = b // 3 %}'),
  often('{% set x = b % 3 %}'),
  often(`{% set x = ${'9'.repeat(4000)} %}`),
  `${LONG}{% set l = [b] * 1900000 %}{{ l }}`,
  '{% set d = {} %}{% for i in range(100000) %}{% set x = d.setdefault(i * 2 ** 64, 1) %}{% endfor %}',
  '{% set d = {} %}{% for i in range(2000) %}{% set x = d.setdefault(i * 2 ** 64, 1) %}{% endfor %}' +
    '{% for i in range(10000) %}{% set x = d.copy() %}{% endfor %}',
]
for (const source of DEAR) {
  // Each of them takes minutes where it is charged by its size alone: the runner's watchdog then ends it.
  test(`hidden costs: a rendering that would take minutes is refused: ${source.slice(-70)}`, () => {
    assert.throws(() => render(source), /loops on and on/)
  })
}

for (const tail of ['x', '_', 'e', '.x']) {
  for (const filter of ['float', 'int', 'int(0, 8)']) {
    test(`hidden costs: ${filter} gives up digits before ${tail} in linear time`, () => {
      const source = `{{ text | ${filter} }}`
      const work = (size: number) => render(source, new Map([['text', '1'.repeat(size) + tail]]))
      assert.match(work(100), /^0(\.0)?$/)
      assertNearLinear((size) => void work(size), 1 << 18, source)
    })
  }
}

const RESULTS: readonly (readonly [source: string, right: string])[] = [
  ['{{ "zz" | int(base=1) }} {{ "zz" | int(5, 37) }} {{ "zz" | int(6, 4294967312) }}', '0 5 6'],
  [
    '{{ "0x1f" | int(0, 16) }} {{ "-0b11" | int(0, 2) }} {{ "0x1F" | int(0, 0) }} {{ "zz" | int(0, 36) }}',
    '31 -3 31 1295',
  ],
  ['{{ "0b" | int(0, 16) }} {{ "_5" | int(7) }} {{ "1_0" | int }} {{ " -3.9e2 " | int }}', '11 7 10 -390'],
  ['{{ "ffffffffffffffffffff" | int(0, 16) }}', '1208925819614629174706175'],
  ['{{ (2 ** 1000 * 2 ** 100) | int == 2 ** 500 * 2 ** 600 }}', 'True'],
  [
    '{{ "1_0.5_0e1_0" | float }} {{ "1." | float }} {{ ".5" | float }} {{ "." | float(8.0) }}',
    '105000000000.0 1.0 0.5 8.0',
  ],
  ['{{ 2.5 | round(-400) }} {{ -2.5 | round(-400) }}', '0.0 -0.0'],
  ["{{ '%.*f' % (-1, 1.25) }} {{ '%d' % -1.5 }} {{ ('%.100g' % 0.00012345)[:12] }}", '1 -1 0.0001234499'],
]
for (const [source, right] of RESULTS) {
  test(`hidden costs: ${source} is what Python says`, () => assert.is(render(source), right))
}

const REFUSED: readonly (readonly [source: string, why: RegExp])[] = [
  ["{{ '%x' % 1.5 }}", /%x format: an integer is required, not float/],
  ["{{ '%d' % (1e308 * 10) }}", /cannot convert float inf to integer/],
  ["{{ '{:d}'.format(1e308 * 10 - 1e308 * 10) }}", /Unknown format code 'd' for object of type 'float'/],
  ["{{ '{:d}'.format(1.5) }}", /Unknown format code 'd' for object of type 'float'/],
  ["{{ '%d' % (1e308 * 10 - 1e308 * 10) }}", /cannot convert float nan to integer/],
  ['{{ 2.5 | round(400, "ceil") }}', /round: expected a precision that a float can have, found 400/],
]
for (const [source, why] of REFUSED) {
  test(`hidden costs: ${source} says what is wrong`, () => assert.throws(() => render(source), why))
}

test.run()
