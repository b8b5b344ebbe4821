import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const SCRIPT = join(import.meta.dirname, "child.mjs");

const running = new Set<Child>();

/** A process of `child.mjs` and what it says. */
export class Child {
  readonly lines: string[] = [];
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  #wake: () => void = () => undefined;

  constructor(command: string, dir: string, seed = 0) {
    this.#process = spawn(process.execPath, [SCRIPT, command, dir, String(seed)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines = createInterface({ input: this.#process.stdout! });
    lines.on("line", (line) => {
      this.lines.push(line);
      this.#wake();
    });
    this.#ended = Promise.all([once(this.#process, "exit"), once(lines, "close")]);
    void this.#ended.then(() => this.#wake());
    running.add(this);
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** Resolves when the process has said so many lines; rejects when it ends before. */
  async said(count: number): Promise<void> {
    while (this.lines.length < count) {
      if (this.#process.exitCode !== null) throw new Error(`the child ended: ${this.lines.at(-1)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** kill -9; resolves when it is gone and everything that it said has arrived. */
  async kill(): Promise<void> {
    running.delete(this);
    this.#process.kill("SIGKILL");
    await this.#ended;
  }
}

/** For afterEach: no child outlives its test. */
export async function killChildren(): Promise<void> {
  for (const child of running) await child.kill();
}
