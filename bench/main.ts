// Command line: node dist/bench/main.js BENCH [options]
import { runBench } from './dispatch.ts'

await runBench(process.argv.slice(2))
