// Draws a stretch of a trace file, for documents.
import { readFileSync, writeFileSync } from 'node:fs'
import { defineCommand } from '../../../cli/shell/command.ts'
import { TsinferError } from '../../../engine/index.ts'
import { drawTrace, type TraceEvent } from './draw.ts'

const STRETCH_MS = 300

export const command = defineCommand({
  usage: 'TRACE.json --out PICTURE.svg [--from MS] [--ms 300]',
  positionalsMax: 1,
  options: {
    out: { kind: 'text', names: ['--out'], value: 'FILE', help: 'where the picture goes' },
    fromMs: { kind: 'integer', names: ['--from'], value: 'MS', least: 0, help: 'where the stretch begins (0)' },
    ms: { kind: 'integer', names: ['--ms'], value: 'MS', least: 1, help: 'how long it is (300)' },
  },
  async run({ values, positionals }) {
    const [path] = positionals
    const { out, fromMs = 0, ms = STRETCH_MS } = values
    if (path === undefined || out === undefined) {
      throw new TsinferError('option_invalid', 'trace-picture: expected a trace and --out, found only one or neither')
    }
    const { traceEvents }: { traceEvents: TraceEvent[] } = JSON.parse(readFileSync(path, 'utf8'))
    writeFileSync(out, drawTrace(traceEvents, { fromMs, ms }))
  },
})
