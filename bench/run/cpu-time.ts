import { readdirSync, readFileSync } from 'node:fs'

/** CPU time of a process, of all its threads. The kernel counts it in nanoseconds here, in hundredths of a second in `stat`. */
export function cpuNanoseconds(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
    const [spent] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').split(' ')
    return sum + Number(spent)
  }, 0)
}
