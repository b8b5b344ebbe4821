import type { ChildProcessByStdio } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

export const HORAE = join(__dirname, "../bin/horae.js");

/** What a process wrote, and how it ended. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A process of Node, with its output as text. It needs a build. */
export class Child {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #closed: Promise<void>;
  #isOver = false;
  /** Called with each piece of output, and at the end. */
  #wake: () => void = () => undefined;
  #out = "";
  #err = "";

  constructor(words: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
    this.#process = spawn(process.execPath, words, {
      ...options,
      env: { ...process.env, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#closed = once(this.#process, "close").then(() => {
      this.#isOver = true;
      this.#wake();
    });
    this.#process.stdout.on("data", (chunk: Buffer) => {
      this.#out += chunk.toString();
      this.#wake();
    });
    this.#process.stderr.on("data", (chunk: Buffer) => {
      this.#err += chunk.toString();
      this.#wake();
    });
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** What ended it; null when it ended by itself, or has not. */
  get signal(): NodeJS.Signals | null {
    return this.#process.signalCode;
  }

  input(text: string): void {
    this.#process.stdin.end(text);
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Resolves with the first match in what it wrote. One caller at a time. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#out) ?? pattern.exec(this.#err);
      if (found !== null) return found;
      if (this.#isOver) throw new Error(`it ended before ${pattern}: ${this.#out}${this.#err}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async end(): Promise<Ended> {
    await this.#closed;
    return { code: this.#process.exitCode, out: this.#out, err: this.#err };
  }
}

export async function runChild(
  words: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; input?: string } = {},
): Promise<Ended> {
  const child = new Child(words, options);
  child.input(options.input ?? "");
  return child.end();
}
