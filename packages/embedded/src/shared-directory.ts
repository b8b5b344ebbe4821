import { LocalGroup } from "@horae/core";
import { dataPath, reserveReaders, syncNames } from "./data-file.ts";
import { Environment } from "./environment.ts";
import { readFailed } from "./errors.ts";
import { directoryInUse, leaveDirectory, takeDirectory } from "./holder.ts";
import { readLock, removeLock, writeLock } from "./lock-file.ts";
import { LogPartition } from "./log-partition.ts";
import { LogTrimmer } from "./log-trimmer.ts";
import { ensureQueue, type NamedQueue, type WantedQueue } from "./queue-settings.ts";

/**
 * A directory that this process has open, once, for all that use it: its file, its queue, the group
 * of its nodes, and what is remembered of its log.
 */
export class SharedDirectory {
  readonly dir: string;
  readonly environment: Environment;
  readonly queue: NamedQueue;
  readonly group: LocalGroup;
  readonly partitions: readonly LogPartition[];
  readonly trimmer: LogTrimmer;

  private constructor(options: { dir: string; environment: Environment; queue: NamedQueue }) {
    const { dir, environment, queue } = options;
    this.dir = dir;
    this.environment = environment;
    this.queue = queue;
    this.group = new LocalGroup(queue.partitions);
    this.partitions = Array.from({ length: queue.partitions }, () => new LogPartition(environment));
    this.trimmer = new LogTrimmer(environment);
  }

  /** `dir` is a real path. Throws `DIRECTORY_IN_USE`, `QUEUE_SETTINGS_MISMATCH`, `QUEUE_UNKNOWN` or `STORE_UNAVAILABLE`. */
  static async open(dir: string, wanted: WantedQueue): Promise<SharedDirectory> {
    const lock = readLock(dir);
    // Spares a living holder the visit; without a readable file the record in the data decides.
    if (lock !== null && lock.pid !== process.pid) throw directoryInUse(dir, lock);
    const environment = openData(dir);
    try {
      const queue = environment.writeSync((tables) => {
        takeDirectory(tables, dir);
        return ensureQueue(tables, dir, wanted);
      });
      writeLock(dir, null);
      // Before anybody is told of a write: a crash of the machine must not take the file's name.
      syncNames(dir);
      return new SharedDirectory({ dir, environment, queue });
    } catch (error) {
      // A refusal has taken nothing; a lock file that could not be written leaves a record behind.
      await environment.close(leaveDirectory);
      throw readFailed("STORE_UNAVAILABLE", error);
    }
  }

  /** Lets other processes find the node that runs here. Throws `STORE_UNAVAILABLE`. */
  setUrl(url: string | null): void {
    try {
      writeLock(this.dir, url);
    } catch (error) {
      throw readFailed("STORE_UNAVAILABLE", error);
    }
  }

  /** Writes what waits and lets go of the directory. */
  async close(): Promise<void> {
    // First the file: once the record is gone another process may have written its own.
    removeLock(this.dir);
    // Dying or failing here: the record names a process that the next one finds dead, or itself.
    await this.environment.close(leaveDirectory);
  }
}

function openData(dir: string): Environment {
  try {
    reserveReaders(dir);
    return new Environment({ dir, path: dataPath(dir) });
  } catch (error) {
    throw readFailed("STORE_UNAVAILABLE", error);
  }
}
