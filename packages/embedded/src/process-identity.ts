import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Which process, for those of one machine. A pid alone is given out again after a while (in a
 * container, at once), so that the moment of its start belongs to it.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Tells processes with the same pid apart; null where the system does not say. */
  readonly startedAt: string | null;
}

let own: ProcessIdentity | undefined;

export function ownIdentity(): ProcessIdentity {
  own ??= { pid: process.pid, startedAt: startOf(process.pid) };
  return own;
}

export function isOwn({ pid, startedAt }: ProcessIdentity): boolean {
  return pid === ownIdentity().pid && startedAt === ownIdentity().startedAt;
}

/** False when the process is gone, or its pid is another process now. */
export function isAlive(identity: ProcessIdentity): boolean {
  const { pid, startedAt } = identity;
  if (isOwn(identity)) return true;
  if (!hasProcess(pid)) return false;
  // Where the system does not say when a process started, its pid has to do.
  if (startedAt === null || ownIdentity().startedAt === null) return true;
  return startOf(pid) === startedAt;
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Of another user: it is there.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** null for a process that is gone, or that was killed and not yet waited for. */
function startOf(pid: number): string | null {
  return startByProc(pid) ?? (process.platform === "linux" ? null : startByPs(pid));
}

/** Linux: the boot of the machine and the ticks from there. */
function startByProc(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program, in brackets, may hold anything: fields count from its end.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const state = fields[0];
    const ticks = fields[19];
    if (state === "Z" || state === "X" || ticks === undefined) return null;
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot}/${ticks}`;
  } catch {
    // Gone, or no such file system.
    return null;
  }
}

/** Other systems that have `ps`: date and time of the start. */
export function startByPs(pid: number): string | null {
  try {
    const words = ["-o", "stat=,lstart=", "-p", String(pid)];
    const line = execFileSync("ps", words, { stdio: ["ignore", "pipe", "ignore"] })
      .toString()
      .trim();
    const [state, ...start] = line.split(/\s+/);
    return state === undefined || state.startsWith("Z") || start.length === 0
      ? null
      : start.join(" ");
  } catch {
    // Gone, or no such program.
    return null;
  }
}
