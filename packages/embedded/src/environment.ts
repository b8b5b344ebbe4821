import { Commit } from "./commit.ts";
import { withShortWriteNamed } from "./disk-space.ts";
import { DirectoryClosedError, WriteQueueFullError } from "./errors.ts";
import { LmdbFile } from "./lmdb.ts";
import { ResidentPages } from "./resident-pages.ts";
import { openTables, type Tables } from "./tables.ts";
import { WriteQueue, type Writer } from "./write-queue.ts";

/** Weight of one commit: the event loop stands still while its rows are written. */
const COMMIT_WEIGHT_MAX = 2 ** 20;

/** What a row weighs beside its bytes. */
const ROW_WEIGHT = 1_024;

/** A change, and how much of it there is. */
export interface Write<T> {
  readonly writer: Writer;
  readonly rows: number;
  readonly bytes: number;
  /**
   * Reads and changes rows, synchronously. It sees what the writes before it have changed. It may
   * be called once only, and what it answers counts only when the commit succeeds.
   */
  readonly apply: (tables: Tables) => T;
}

interface OpenFile {
  readonly file: LmdbFile;
  readonly tables: Tables;
  readonly resident: ResidentPages;
}

/**
 * Everything that is written to a directory goes through here: one queue, one commit at a time, and
 * a commit takes all that has come while the one before it was synced. So a hundred appends, claims
 * and outcomes cost one sync, and a write is either durable or it has not happened.
 *
 * The file is opened again after a failed commit, because then nothing in the driver's memory is to
 * be trusted, and when too much of it has become resident. Nobody notices: reads wait for it.
 *
 * What if the process dies here? LMDB keeps the last commit whole; writes that wait are lost, and
 * nobody was told that they happened.
 */
export class Environment {
  readonly #dir: string;
  readonly #path: string;
  /** null while the file is opened again, and when that has failed. */
  #open: OpenFile | null;
  /** Settles when the file has been opened again; null when nobody is at it. */
  #reopening: Promise<OpenFile> | null = null;
  readonly #waiting = new WriteQueue();
  /** Runs while something waits. */
  #committing: Promise<void> | null = null;
  #isClosed = false;
  #failures = 0;
  #trouble: string | null = null;

  /** Throws what LMDB throws. */
  constructor(options: { dir: string; path: string }) {
    this.#dir = options.dir;
    this.#path = options.path;
    this.#open = openFile(this.#path);
  }

  /** Grows with each failed commit: what was remembered of the tables before is not true any more. */
  get failures(): number {
    return this.#failures;
  }

  /** Why the last commit failed; null when it succeeded. */
  get trouble(): string | null {
    return this.#trouble;
  }

  async read<T>(look: (tables: Tables) => T): Promise<T> {
    const open = this.#open ?? (await this.#reopen());
    if (this.#isClosed) throw new DirectoryClosedError(this.#dir);
    const result = look(open.tables);
    if (open.resident.isTooMuch(open.file.touched.rows)) this.#commitSoon();
    return result;
  }

  /** Resolves when the change is synced. Rejects with what LMDB said; see errors.ts. */
  write<T>({ writer, rows, bytes, apply }: Write<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(new DirectoryClosedError(this.#dir));
    const weight = rows * ROW_WEIGHT + bytes;
    if (!this.#waiting.hasRoomFor(weight)) return Promise.reject(new WriteQueueFullError());
    return new Promise((resolve, reject) => {
      let result: T;
      this.#waiting.add(writer, {
        weight,
        apply: (tables) => {
          result = apply(tables);
        },
        succeed: () => resolve(result),
        fail: reject,
      });
      this.#commitSoon();
    });
  }

  /** Runs `work` at once and blocks the process until it is synced; before anything is written. */
  writeSync<T>(work: (tables: Tables) => T): T {
    const { file, tables } = this.#open!;
    return file.transactSync(() => work(tables));
  }

  /**
   * Refuses what comes, writes what waits, then `last`, alone, and closes the file. Nothing is said
   * of whether `last` could be written.
   */
  async close(last?: (tables: Tables) => void): Promise<void> {
    this.#isClosed = true;
    while (this.#committing !== null) await this.#committing;
    // A read may be the one that opens the file again.
    await this.#reopening?.catch(() => undefined);
    const open = this.#open;
    this.#open = null;
    if (open === null) return;
    if (last !== undefined) {
      await open.file.transact(() => last(open.tables)).catch(() => undefined);
    }
    await open.file.close();
  }

  #commitSoon(): void {
    this.#committing ??= this.#commitAll();
  }

  async #commitAll(): Promise<void> {
    do {
      const open = await this.#readyFile();
      if (open === null) continue;
      if (!this.#waiting.isEmpty) await this.#commit(open);
      const isTooMuch = open.resident.isTooMuch(open.file.touched.rows);
      if (isTooMuch && this.#open === open) await this.#drop(open);
    } while (!this.#waiting.isEmpty);
    // Nothing may come between the look at what waits and this.
    this.#committing = null;
  }

  /** null when the file cannot be opened; all that waited has been told. */
  async #readyFile(): Promise<OpenFile | null> {
    try {
      return this.#open ?? (await this.#reopen());
    } catch (error) {
      for (const write of this.#waiting.take(Infinity)) write.fail(error);
      return null;
    }
  }

  async #commit(open: OpenFile): Promise<void> {
    const commit = new Commit();
    try {
      // Taken as late as possible: what came while the driver got ready is in it too.
      await open.file.transact(() =>
        commit.apply(this.#waiting.take(COMMIT_WEIGHT_MAX), open.tables),
      );
    } catch (reason) {
      const error = withShortWriteNamed(reason, this.#dir);
      // Dying before this is a commit that nobody was told of; the caller repeats it, or it is gone.
      this.#failures++;
      this.#trouble = error instanceof Error ? error.message : String(error);
      if (!commit.hasBegun) commit.add(this.#waiting.take(COMMIT_WEIGHT_MAX));
      commit.fail(error);
      await this.#drop(open);
      return;
    }
    this.#trouble = null;
    commit.succeed();
  }

  /** Closes the file; whoever needs it next opens it again. */
  async #drop({ file }: OpenFile): Promise<void> {
    this.#open = null;
    this.#reopening = file.close().then(() => openFile(this.#path));
    await this.#reopen().catch(() => undefined);
  }

  #reopen(): Promise<OpenFile> {
    if (this.#isClosed && this.#waiting.isEmpty) {
      return Promise.reject(new DirectoryClosedError(this.#dir));
    }
    this.#reopening ??= Promise.resolve().then(() => openFile(this.#path));
    const reopening = this.#reopening;
    return reopening.then(
      (open) => {
        if (this.#reopening === reopening) {
          this.#open = open;
          this.#reopening = null;
        }
        return open;
      },
      (error: unknown) => {
        if (this.#reopening === reopening) this.#reopening = null;
        throw error;
      },
    );
  }
}

function openFile(path: string): OpenFile {
  const resident = new ResidentPages();
  const file = new LmdbFile(path);
  return { file, tables: openTables(file), resident };
}
