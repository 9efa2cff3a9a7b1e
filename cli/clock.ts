// The fields that a clock on the wall shows here at some moment.
import type { LocalTime } from '../tokenizer/index.ts'

export const localTimeOf = (moment: Date): LocalTime => ({
  year: moment.getFullYear(),
  month: moment.getMonth() + 1,
  day: moment.getDate(),
  hour: moment.getHours(),
  minute: moment.getMinutes(),
  second: moment.getSeconds(),
  microsecond: moment.getMilliseconds() * 1000,
})
