import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseCpuList, type ReadText, readTopology } from '../../../engine/load/topology.ts'

type Files = Readonly<Record<string, string>>
const reader =
  (files: Files): ReadText =>
  (path) =>
    files[path]

interface Machine {
  readonly sockets: number
  readonly coresPerSocket: number
  readonly threadsPerCore: number
  readonly nodesPerSocket?: number
}

/** /sys of a machine as Linux numbers it: first threads of all cores, then second threads. */
function sysfs({ sockets, coresPerSocket, threadsPerCore, nodesPerSocket = 1 }: Machine): Files {
  const cores = sockets * coresPerSocket
  const cpus = cores * threadsPerCore
  const files: Record<string, string> = { '/sys/devices/system/cpu/online': cpus > 1 ? `0-${cpus - 1}\n` : '0\n' }
  const nodes = sockets * nodesPerSocket
  const nodeCpus = Array.from({ length: nodes }, (): number[] => [])
  for (let cpu = 0; cpu < cpus; cpu++) {
    const core = cpu % cores
    const folder = `/sys/devices/system/cpu/cpu${cpu}/topology`
    const siblings = Array.from({ length: threadsPerCore }, (_, thread) => core + thread * cores)
    files[`${folder}/physical_package_id`] = `${Math.floor(core / coresPerSocket)}\n`
    files[`${folder}/core_id`] = `${core % coresPerSocket}\n`
    files[`${folder}/core_cpus_list`] = `${siblings.join(',')}\n`
    nodeCpus[Math.floor((core * nodes) / cores)]!.push(cpu)
  }
  files['/sys/devices/system/node/online'] = nodes > 1 ? `0-${nodes - 1}\n` : '0\n'
  nodeCpus.forEach((list, node) => {
    files[`/sys/devices/system/node/node${node}/cpulist`] = `${list.join(',')}\n`
  })
  return files
}

const status = (list: string): Files => ({
  '/proc/self/status': `Name:\tnode\nCpus_allowed:\tff\nCpus_allowed_list:\t${list}\nMems_allowed_list:\t0\n`,
})

/** Version 2 as in a container with its own namespace. */
const cgroupV2 = (cpuMax: string, group = '/'): Files => ({
  '/proc/self/cgroup': `0::${group}\n`,
  '/proc/self/mountinfo': '30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n',
  [`/sys/fs/cgroup${group === '/' ? '' : group}/cpu.max`]: `${cpuMax}\n`,
})

const counts = (files: Files, parallelism = 99) => {
  const { allowed: _, ...rest } = readTopology(reader(files), parallelism)
  return rest
}

test('a desktop with hyper-threading and no limits', () => {
  const files = {
    ...sysfs({ sockets: 1, coresPerSocket: 8, threadsPerCore: 2 }),
    ...status('0-15'),
    ...cgroupV2('max 100000'),
  }
  assert.equal(counts(files), {
    cores: 16,
    physicalCores: 8,
    sockets: 1,
    numaNodes: 1,
    quotaCores: undefined,
    usableCores: 8,
  })
})

test('two sockets with two NUMA nodes each', () => {
  const files = {
    ...sysfs({ sockets: 2, coresPerSocket: 12, threadsPerCore: 2, nodesPerSocket: 2 }),
    ...status('0-47'),
  }
  const topology = readTopology(reader(files), 1)
  assert.is(topology.sockets, 2)
  assert.is(topology.numaNodes, 4)
  assert.is(topology.physicalCores, 24)
  assert.is(topology.usableCores, 24)
  assert.equal(topology.allowed[36], { cpu: 36, core: '12,36', socket: 1, numaNode: 2 })
})

test('a memory-only NUMA node does not count', () => {
  const files = {
    ...sysfs({ sockets: 1, coresPerSocket: 4, threadsPerCore: 1 }),
    '/sys/devices/system/node/online': '0-1\n',
    '/sys/devices/system/node/node1/cpulist': '\n',
  }
  assert.is(counts(files).numaNodes, 1)
})

test('a quota of one core on a large machine', () => {
  const machine = sysfs({ sockets: 2, coresPerSocket: 32, threadsPerCore: 2 })
  const topology = counts({ ...machine, ...status('0-127'), ...cgroupV2('100000 100000') })
  assert.is(topology.quotaCores, 1)
  assert.is(topology.usableCores, 1)
  assert.is(topology.cores, 128)
})

test('quotas are cut to whole cores, and half a core is one thread', () => {
  const machine = { ...sysfs({ sockets: 1, coresPerSocket: 8, threadsPerCore: 1 }), ...status('0-7') }
  assert.is(counts({ ...machine, ...cgroupV2('250000 100000') }).usableCores, 2)
  assert.is(counts({ ...machine, ...cgroupV2('50000 100000') }).usableCores, 1)
  assert.is(counts({ ...machine, ...cgroupV2('50000 100000') }).quotaCores, 0.5)
  assert.is(counts({ ...machine, ...cgroupV2('6400000 100000') }).usableCores, 8)
})

test('the smallest quota of all groups above counts', () => {
  const group = '/kubepods.slice/pod1.slice/c1.scope'
  const files = {
    ...sysfs({ sockets: 1, coresPerSocket: 16, threadsPerCore: 1 }),
    ...status('0-15'),
    ...cgroupV2('max 100000', group),
    '/sys/fs/cgroup/kubepods.slice/cpu.max': '1200000 100000\n',
    '/sys/fs/cgroup/kubepods.slice/pod1.slice/cpu.max': '300000 100000\n',
  }
  assert.is(counts(files).quotaCores, 3)
})

test('a group outside the mount: the mount itself is asked', () => {
  const files = {
    ...sysfs({ sockets: 1, coresPerSocket: 4, threadsPerCore: 1 }),
    ...cgroupV2('200000 100000'),
    '/proc/self/cgroup': '0::/../other\n',
  }
  assert.is(counts(files).quotaCores, 2)
})

test('version 1, seen from inside a container without namespace', () => {
  const files = {
    ...sysfs({ sockets: 1, coresPerSocket: 8, threadsPerCore: 2 }),
    ...status('0-15'),
    '/proc/self/cgroup': '12:cpuset:/docker/abc\n4:cpu,cpuacct:/docker/abc\n0::/system.slice\n',
    '/proc/self/mountinfo':
      '31 23 0:28 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct\n' +
      '32 23 0:29 / /sys/fs/cgroup/unified ro - cgroup2 cgroup2 rw\n',
    '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '400000\n',
    '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us': '100000\n',
  }
  assert.is(counts(files).quotaCores, 4)
  assert.is(counts({ ...files, '/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us': '-1\n' }).quotaCores, undefined)
})

test('affinity: both threads of one core are one usable core', () => {
  const machine = sysfs({ sockets: 1, coresPerSocket: 4, threadsPerCore: 2 })
  assert.is(counts({ ...machine, ...status('1,5') }).usableCores, 1)
  assert.is(counts({ ...machine, ...status('0-2') }).usableCores, 3)
})

test('cpuset file where /proc does not tell', () => {
  const machine = sysfs({ sockets: 2, coresPerSocket: 4, threadsPerCore: 1 })
  const topology = readTopology(reader({ ...machine, '/sys/fs/cgroup/cpuset.cpus.effective': '4-5\n' }), 1)
  assert.equal(
    topology.allowed.map(({ cpu, socket }) => [cpu, socket]),
    [
      [4, 1],
      [5, 1],
    ],
  )
  assert.is(topology.usableCores, 2)
})

test('recorded: a virtual machine with two processors and version 1 without quota', () => {
  const files = {
    ...sysfs({ sockets: 1, coresPerSocket: 2, threadsPerCore: 1 }),
    ...status('0-1'),
    '/proc/self/cgroup': '9:name=systemd:/\n4:memory:/api/5129\n3:cpuset:/\n2:cpuacct:/\n1:cpu:/\n0::/\n',
    '/proc/self/mountinfo':
      '31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n' +
      '32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n' +
      '41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n',
    '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
    '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
  }
  assert.equal(counts(files), {
    cores: 2,
    physicalCores: 2,
    sockets: 1,
    numaNodes: 1,
    quotaCores: undefined,
    usableCores: 2,
  })
})

test('without /sys and /proc (macOS, Windows) the runtime is believed', () => {
  assert.equal(
    readTopology(() => undefined, 10),
    {
      cores: 10,
      physicalCores: 10,
      sockets: 1,
      numaNodes: 1,
      quotaCores: undefined,
      usableCores: 10,
      allowed: [],
    },
  )
  assert.is(readTopology(() => undefined, 0).usableCores, 1)
})

test('firmware that tells nothing: every processor is a core of socket 0', () => {
  const files = {
    '/sys/devices/system/cpu/online': '0-3\n',
    '/sys/devices/system/cpu/cpu0/topology/physical_package_id': '-1\n',
  }
  const topology = counts(files)
  assert.equal([topology.physicalCores, topology.sockets, topology.numaNodes], [4, 1, 1])
})

test('rubbish in files is no limit', () => {
  const machine = sysfs({ sockets: 1, coresPerSocket: 4, threadsPerCore: 1 })
  for (const text of ['', 'x y', '100000', '0 0', '-5 100000']) {
    assert.is(counts({ ...machine, ...cgroupV2(text) }).quotaCores, undefined, text)
  }
})

test('lists of processors', () => {
  assert.equal(parseCpuList('0-2,5,7-8\n'), [0, 1, 2, 5, 7, 8])
  assert.equal(parseCpuList(undefined), [])
  assert.equal(parseCpuList('0-99999999999'), [])
  assert.equal(parseCpuList('3-1'), [])
  assert.equal(parseCpuList('a'), [])
})

test.run()
