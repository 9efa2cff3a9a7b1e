// What speculation is worth with real kernels and real text: every policy beside plain decoding, in turns, with a drafter
// that is good, with one that is sure and always wrong, and with n-grams on text that is new and text that repeats itself.
// Rounds may be spread over several calls, which add to one file.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { count, defineBench, text } from '../../harness.ts'
import { CACHE_OPTION, modelFile } from '../../model-files.ts'
import { GROUPS, type GroupName, groupOf, WHOLE } from './cases.ts'
import { goalNotes, type SeriesSummary } from './goals.ts'
import { type Sample, summaries } from './summary.ts'
import { measure } from './turns.ts'

const MODELS = { target: 'wide-1b-Q4_0', draft: 'wide-draft-160m-Q4_0', wrong: 'wide-wrong-160m-Q4_0' }
const SEED = 1

const modelOption = (name: keyof typeof MODELS) => text([`--${name}`], 'MODEL', `the ${name} model`, MODELS[name])

export const bench = defineBench({
  options: {
    group: {
      ...{ kind: 'choice', names: ['--group'], value: 'GROUP', choices: GROUPS },
      help: `${GROUPS.join(', ')} (all; draft and ngram also at temperature 0.8)`,
    },
    temperature: { kind: 'number', names: ['--temp'], value: 'T', least: 0, most: 2, help: 'only this one (0, 0.8)' },
    rounds: count(['--rounds'], 'runs of each case, in turns', { usual: 10, least: 0 }),
    tokens: count(['-n', '--tokens'], 'tokens of a run', { usual: 48, least: 16 }),
    into: text(['--into'], 'FILE', 'add the runs to those in FILE, report on all'),
    target: modelOption('target'),
    draft: modelOption('draft'),
    wrong: modelOption('wrong'),
    cache: CACHE_OPTION,
  },
  async measure({ values, signal }) {
    const { rounds, tokens, into, cache } = values
    const [target, draft, wrong] = [values.target, values.draft, values.wrong].map((name) => modelFile(name, cache))
    let samples = into !== undefined && existsSync(into) ? (JSON.parse(readFileSync(into, 'utf8')) as Sample[]) : []
    const all: SeriesSummary[] = []
    const whys: string[] = []
    for (const { group: name, temperature } of seriesOf(values.group, values.temperature)) {
      const group = groupOf(name, { draft: draft!, wrong: wrong! })
      const series = `${name}, temperature ${temperature}, ${tokens} tokens, Node ${process.versions.node.split('.')[0]}`
      const begun = Math.max(0, ...samples.flatMap((of) => (of.series === series ? of.round + 1 : [])))
      const settings = { temperature, seed: SEED, maxTokens: tokens, ignoreEos: true }
      const turns = { what: series, begun, rounds, signal }
      if (rounds > 0) samples = [...samples, ...(await measure(target!, group, settings, turns))]
      if (into !== undefined) writeFileSync(into, JSON.stringify(samples))
      const own = samples.filter((sample) => sample.series === series)
      all.push({ group: name, temperature, rows: summaries(own) })
      for (const { name: of } of group.cases) {
        const why = own.findLast((sample) => sample.name === of)?.why
        if (why) whys.push(`- ${name}, temperature ${temperature}, ${of}: ${why.replace(/^auto: /, '')}`)
      }
    }
    const kernels = [...new Set(samples.map((sample) => sample.kernels))].join('; ')
    return {
      about: `Speculation on real kernels: ${tokens} tokens, every round's cases in turns; ratios are medians over rounds`,
      options: { group: values.group, temperature: values.temperature, tokens, seed: SEED, models: MODELS },
      columns: {
        ...{ group: 'drafter', temperature: ['T', 1], name: 'plan, policy', rounds: 'rounds' },
        ...{ tokSMedian: 'tok/s, median', tokSMin: 'min', tokSMax: 'max', ofFirst: ['of plain, all cores', 2] },
        ...{ ofTwoStages: ['of plain, two stages', 2], ofBest: ["of its plan's best", 2] },
        ...{ acceptance: ['acceptance', 2], tokensPerRunMedian: ['tokens per run', 2] },
      },
      rows: all.flatMap(({ group, temperature, rows }) => rows.map((row) => ({ group, temperature, ...row }))),
      notes: [...goalNotes(all), '', `Kernels: ${kernels}. What auto said last:`, '', ...whys],
    }
  },
})

/** The whole measurement, cut down to a group; or that of one temperature, of every group. */
function seriesOf(group: GroupName | undefined, temperature: number | undefined) {
  const groups = GROUPS.filter((name) => group === undefined || group === name)
  if (temperature !== undefined) return groups.map((name) => ({ group: name, temperature }))
  return WHOLE.filter((series) => groups.includes(series.group))
}
