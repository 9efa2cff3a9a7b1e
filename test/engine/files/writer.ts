// A process that writes one file again and again until it is ended, and says so after every time.
//   node dist/test/engine/files/writer.js PATH LETTER [TIMES]
import { writeWholeFile } from '../../../engine/files/whole-file.ts'

const [, , path, letter, times = 'Infinity'] = process.argv

/** Some hundred kilobytes of the letter, of a length that its first line tells. */
async function* pieces(count: number): AsyncGenerator<Uint8Array> {
  yield Buffer.from(`${letter}${count}\n`)
  for (let i = 0; i < count; i++) yield Buffer.alloc(10_000, letter)
}

try {
  for (let i = 0; i < Number(times); i++) {
    await writeWholeFile(path!, pieces(1 + (i % 40)))
    process.stdout.write('.')
  }
} catch (error) {
  process.stderr.write(`${(error as { code?: string }).code}: ${(error as Error).message}\n`)
  process.exitCode = 1
}
