// The machine as far as planning needs it: processors, physical cores, sockets, NUMA nodes, and how many of them this
// process may use. Pure: files come in through `readText`. Sources: the kernel's Documentation/ABI/stable/
// sysfs-devices-system-cpu and sysfs-devices-node, proc(5) for Cpus_allowed_list.
import { type ReadText, readQuotaCores } from './cgroup.ts'

export type { ReadText } from './cgroup.ts'

/** A logical processor this process may run on. Processors with the same `core` share one physical core. */
interface Cpu {
  readonly cpu: number
  readonly core: string
  readonly socket: number
  readonly numaNode: number
}

export interface Topology {
  /** Logical processors of the machine. */
  readonly cores: number
  readonly physicalCores: number
  readonly sockets: number
  /** Nodes that have processors. */
  readonly numaNodes: number
  /** Processor time the control group allows, in processors; undefined = no limit. */
  readonly quotaCores: number | undefined
  /** Threads worth starting: physical cores this process may run on, cut to whole processors of the quota. */
  readonly usableCores: number
  /** What affinity and cpuset allow, ascending; empty when the system does not say. */
  readonly allowed: readonly Cpu[]
}

const CPU_ROOT = '/sys/devices/system/cpu'
const NODE_ROOT = '/sys/devices/system/node'
/** More than any kernel is built for; bounds what a broken list can ask for. */
const CPUS_MAX = 8192

/** `parallelism`: what the runtime reports, for systems without /sys (macOS, Windows). */
export function readTopology(readText: ReadText, parallelism: number): Topology {
  const online = parseCpuList(readText(`${CPU_ROOT}/online`))
  const quotaCores = readQuotaCores(readText)
  if (online.length === 0) {
    const cores = Math.max(1, parallelism)
    return {
      cores,
      physicalCores: cores,
      sockets: 1,
      numaNodes: 1,
      quotaCores,
      usableCores: withinQuota(cores, quotaCores),
      allowed: [],
    }
  }
  const nodeOf = readNodes(readText)
  const cpus = online.map((cpu) => readCpu(readText, cpu, nodeOf))
  const mayRun = new Set(allowedCpus(readText))
  const allowed = mayRun.size === 0 ? cpus : cpus.filter(({ cpu }) => mayRun.has(cpu))
  return {
    cores: cpus.length,
    physicalCores: distinct(cpus, 'core'),
    sockets: distinct(cpus, 'socket'),
    numaNodes: distinct(cpus, 'numaNode'),
    quotaCores,
    usableCores: withinQuota(Math.max(1, distinct(allowed, 'core')), quotaCores),
    allowed,
  }
}

/** A thread beyond the quota is stopped in the middle of a barrier for a whole period: never round up. */
const withinQuota = (cores: number, quotaCores: number | undefined): number =>
  quotaCores === undefined ? cores : Math.max(1, Math.min(cores, Math.floor(quotaCores)))

const distinct = (cpus: readonly Cpu[], key: 'core' | 'socket' | 'numaNode'): number =>
  new Set(cpus.map((cpu) => cpu[key])).size

/** The kernel folds the cpuset into the affinity; its file serves where /proc does not tell. */
function allowedCpus(readText: ReadText): number[] {
  const line = /^Cpus_allowed_list:\s*(.+)$/m.exec(readText('/proc/self/status') ?? '')
  return parseCpuList(line?.[1] ?? readText('/sys/fs/cgroup/cpuset.cpus.effective'))
}

function readCpu(readText: ReadText, cpu: number, nodeOf: ReadonlyMap<number, number>): Cpu {
  const fact = (name: string): string | undefined => readText(`${CPU_ROOT}/cpu${cpu}/topology/${name}`)?.trim()
  const socket = Number(fact('physical_package_id')) || 0
  const siblings = fact('core_cpus_list') ?? fact('thread_siblings_list')
  return {
    cpu,
    core: siblings ?? String(cpu),
    // -1 where the firmware does not say.
    socket: Math.max(socket, 0),
    numaNode: nodeOf.get(cpu) ?? 0,
  }
}

/** Processor -> NUMA node. */
function readNodes(readText: ReadText): Map<number, number> {
  const nodeOf = new Map<number, number>()
  for (const node of parseCpuList(readText(`${NODE_ROOT}/online`))) {
    for (const cpu of parseCpuList(readText(`${NODE_ROOT}/node${node}/cpulist`))) nodeOf.set(cpu, node)
  }
  return nodeOf
}

/** "0-3,8,10-11" -> [0, 1, 2, 3, 8, 10, 11]; anything else -> []. */
export function parseCpuList(text: string | undefined): number[] {
  const list = (text ?? '').trim()
  if (!/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(list)) return []
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return last < CPUS_MAX ? Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i) : []
  })
}
