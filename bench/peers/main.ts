// Command line: node dist/bench/peers/main.js [options], the same as `node dist/bench/main.js peers [options]`.
import { runBench } from '../dispatch.ts'

await runBench(['peers', ...process.argv.slice(2)])
