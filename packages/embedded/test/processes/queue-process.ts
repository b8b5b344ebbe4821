import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";

const SCRIPT = join(import.meta.dirname, "queue-server.mjs");

export interface Refusal {
  readonly name: string;
  readonly code: string;
  readonly certain: boolean;
  readonly retryable: boolean;
  readonly message: string;
}

/** A process of `queue-server.mjs`. What the driver prints about a full disk goes nowhere. */
export class QueueProcess {
  readonly #process: ChildProcess;
  readonly #lines: Interface;
  readonly #ended: Promise<unknown[]>;

  constructor() {
    this.#process = spawn(process.execPath, [SCRIPT], { stdio: ["pipe", "pipe", "ignore"] });
    this.#lines = createInterface({ input: this.#process.stdout! });
    this.#ended = once(this.#process, "exit");
  }

  /** Rejects with what the action was refused with, or when the process has ended. */
  async ask<T>(action: string, ...args: readonly unknown[]): Promise<T> {
    const answered = once(this.#lines, "line");
    this.#process.stdin!.write(`${JSON.stringify([action, ...args])}\n`);
    const ended = this.#ended.then(([code, signal]) => {
      throw new Error(`${action}: the process ended with ${String(code ?? signal)}`);
    });
    const [line] = (await Promise.race([answered, ended])) as [string];
    const answer = JSON.parse(line) as { result: T } | { error: Refusal };
    // Not an error of this process: its fields are what the tests look at.
    if ("error" in answer) throw Object.assign(new Error(answer.error.message), answer.error);
    return answer.result;
  }

  /** Lets the process end by itself; answers its exit code. */
  async end(): Promise<unknown> {
    this.#process.stdin!.end();
    return (await this.#ended)[0];
  }
}
