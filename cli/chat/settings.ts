// What /set changes and /show tells: how the next answers are sampled. Names and values are those of the options.
import { TsinferError } from '../../engine/errors.ts'
import { nearest } from '../../engine/options/nearest.ts'
import type { ChatOptions, ModelInfo } from '../../index.ts'
import { type Option, type Options, readCommandLine } from '../shell/arguments.ts'
import { snakeCase } from '../shell/figures.ts'
import { MAX_TOKENS_OPTION, SAMPLING_OPTIONS } from '../shell/options.ts'

const TABLE = { ...SAMPLING_OPTIONS, maxTokens: MAX_TOKENS_OPTION } satisfies Options
type SettingKey = keyof typeof TABLE

/** As `--stats` and /show write them. */
export const SETTING_NAMES: readonly string[] = Object.keys(TABLE).map(snakeCase)

/** A name is that of the setting or a spelling of its option: `top_k`, `top-k`, `n`. */
function settingOf(name: string): SettingKey | undefined {
  const plain = (text: string) => text.replace(/^-+/, '').replaceAll('_', '-').toLowerCase()
  return (Object.entries(TABLE) as [SettingKey, Option][]).find(([key, { names }]) =>
    [snakeCase(key), ...names].some((one) => plain(one) === plain(name)),
  )?.[0]
}

/** `options` with one of them changed. Throws `option_invalid` for an unknown name or a wrong value. */
export function withSetting(options: ChatOptions, name: string, text: string): ChatOptions {
  const key = settingOf(name)
  if (key === undefined) {
    const suggestion = nearest(name, SETTING_NAMES)
    const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`
    throw new TsinferError(
      'option_invalid',
      `/set: expected ${['system', ...SETTING_NAMES].join(', ')}, found ${name}${hint}`,
    )
  }
  const option: Option = TABLE[key]
  const { values } = readCommandLine({ value: option }, [`${option.names.at(-1)}=${text}`])
  const value: unknown = values.value
  const { [key]: _before, ...others } = options
  // Both are written as -1: chosen anew, no bound.
  const isUnset = value === -1 && (key === 'seed' || key === 'maxTokens')
  return isUnset ? others : { ...others, [key]: value }
}

/** The settings by their names; what nobody has set is what holds then. */
export function settingsOf(options: ChatOptions, usual: ModelInfo['sampling']): Record<string, unknown> {
  const all = { ...usual, seed: 'random', maxTokens: 'no bound', ...options }
  return Object.fromEntries(Object.keys(TABLE).map((key) => [snakeCase(key), all[key as SettingKey]]))
}
