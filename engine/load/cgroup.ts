// How much processor time control groups allow this process. Pure: files come in through `readText`.
// Sources: the kernel's Documentation/admin-guide/cgroup-v2.rst (cpu.max), scheduler/sched-bwc.rst (version 1),
// proc(5) for mountinfo and cgroups(7) for /proc/self/cgroup.

/** Text of a file, or undefined when it cannot be read. */
export type ReadText = (path: string) => string | undefined

interface Mount {
  /** The group that is seen at the mount point. */
  readonly root: string
  readonly point: string
  readonly type: string
  readonly options: readonly string[]
}

const V2_DEFAULT: Mount = { root: '/', point: '/sys/fs/cgroup', type: 'cgroup2', options: [] }

/** The smallest quota, in processors, of the process's own group and all groups above it; undefined = no limit. */
export function readQuotaCores(readText: ReadText): number | undefined {
  const mounts = readMounts(readText)
  let quota: number | undefined
  for (const line of (readText('/proc/self/cgroup') ?? '').split('\n')) {
    const [id, controllers, ...rest] = line.split(':')
    if (controllers === undefined) continue
    const group = rest.join(':')
    const isV2 = id === '0' && controllers === ''
    if (!isV2 && !controllers.split(',').includes('cpu')) continue
    const mount = isV2
      ? (mounts.find(({ type }) => type === 'cgroup2') ?? V2_DEFAULT)
      : mounts.find(({ type, options }) => type === 'cgroup' && options.includes('cpu'))
    if (mount === undefined) continue
    for (const folder of foldersUpwards(mount, group)) {
      const found = isV2 ? quotaV2(readText, folder) : quotaV1(readText, folder)
      if (found !== undefined) quota = Math.min(quota ?? found, found)
    }
  }
  return quota
}

/** mountinfo: id, parent, device, root, mount point, options, optional fields, "-", type, source, super options. */
function readMounts(readText: ReadText): Mount[] {
  return (readText('/proc/self/mountinfo') ?? '').split('\n').flatMap((line) => {
    const [before, after] = line.split(' - ')
    const [, , , root, point] = (before ?? '').split(' ')
    const [type, , options] = (after ?? '').split(' ')
    if (root === undefined || point === undefined || type === undefined) return []
    return [{ root, point, type, options: (options ?? '').split(',') }]
  })
}

/** The group's folder and those above it, as far as the mount shows them. */
function foldersUpwards({ root, point }: Mount, group: string): string[] {
  const prefix = root === '/' ? '' : root
  // Seen from inside a namespace the own group may lie outside the mount; its root is then the best we have.
  const isInside = !group.includes('..') && (group === prefix || group.startsWith(`${prefix}/`))
  const names = isInside ? group.slice(prefix.length).split('/').filter(Boolean) : []
  return Array.from({ length: names.length + 1 }, (_, depth) => [point, ...names.slice(0, depth)].join('/'))
}

/** cpu.max: "QUOTA PERIOD" in microseconds, or "max PERIOD". */
function quotaV2(readText: ReadText, folder: string): number | undefined {
  const [quota, period] = (readText(`${folder}/cpu.max`) ?? '').trim().split(' ')
  return ratio(quota, period)
}

/** cpu.cfs_quota_us is -1 without a limit. */
function quotaV1(readText: ReadText, folder: string): number | undefined {
  return ratio(readText(`${folder}/cpu.cfs_quota_us`), readText(`${folder}/cpu.cfs_period_us`))
}

function ratio(quota: string | undefined, period: string | undefined): number | undefined {
  const cores = Number(quota) / Number(period)
  return Number.isFinite(cores) && cores > 0 ? cores : undefined
}
