// All policies, one a line. `auto` is none of them: it chooses among them (auto/).
export { off } from './off.ts'
export { pipe } from './pipe.ts'
export { sync } from './sync.ts'
