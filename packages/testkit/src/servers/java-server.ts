import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Guard } from "./guard.ts";
import type { ServerNode } from "./server-group.ts";
import { isListening, waitUntil } from "./wait-until.ts";

export interface JavaServerOptions {
  readonly name: string;
  readonly java: string;
  /** Everything behind `java`. */
  readonly parameters: readonly string[];
  readonly host: string;
  readonly port: number;
  /** Its own, also for its output. */
  readonly folder: string;
  /** A text of its output without which it is not ready, open port or not. */
  readonly readyText: string;
  readonly startTimeoutMs: number;
}

/** A server as a process of this machine. */
export class JavaServer implements ServerNode {
  readonly host: string;
  readonly port: number;
  readonly #options: JavaServerOptions;
  #process: ChildProcess | null = null;
  #gone: Promise<void> = Promise.resolve();
  #starts = 0;

  constructor(options: JavaServerOptions) {
    this.#options = options;
    this.host = options.host;
    this.port = options.port;
  }

  async restart(): Promise<void> {
    if (this.#process !== null) await this.kill("SIGKILL");
    const { name, startTimeoutMs } = this.#options;
    const process = this.#spawn();
    let problem = `${name} took no requests within ${startTimeoutMs} ms`;
    const hasEnded = (): boolean => this.#process !== process;
    await waitUntil(
      async () => hasEnded() || (await this.#isReady()),
      startTimeoutMs,
      () => problem,
    ).catch(() => undefined);
    if (hasEnded()) problem = `${name} ended at its start`;
    else if (await this.#isReady()) return;
    await this.kill("SIGKILL");
    throw new Error(`${problem}:\n${(await this.#output()).slice(-4_000)}`);
  }

  async kill(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<void> {
    // Else the event loop of a test run that has nothing left but this may end before it has.
    this.#process?.ref();
    // A stopped process would keep a SIGTERM for later.
    this.#process?.kill("SIGCONT");
    this.#process?.kill(signal);
    await this.#gone;
  }

  async pause(): Promise<void> {
    this.#process?.kill("SIGSTOP");
  }

  async resume(): Promise<void> {
    this.#process?.kill("SIGCONT");
  }

  /** True when its output since the last start has `text`. */
  async hasWritten(text: string): Promise<boolean> {
    return (await this.#output()).includes(text);
  }

  #spawn(): ChildProcess {
    const { java, parameters, folder } = this.#options;
    this.#starts++;
    const output = openSync(this.#outputFile(), "w");
    const child = spawn(java, parameters, { cwd: folder, stdio: ["ignore", output, output] });
    closeSync(output);
    const guard = child.pid === undefined ? null : new Guard(["kill", "-9", String(child.pid)]);
    this.#process = child;
    this.#gone = new Promise((resolve) => {
      const end = (): void => {
        guard?.cancel();
        if (this.#process === child) this.#process = null;
        resolve();
      };
      child.once("exit", end);
      child.once("error", end);
    });
    child.unref();
    return child;
  }

  async #isReady(): Promise<boolean> {
    const { host, port, readyText } = this.#options;
    return (await this.hasWritten(readyText)) && isListening(host, port);
  }

  #outputFile(): string {
    return join(this.#options.folder, `output-${this.#starts}.log`);
  }

  #output(): Promise<string> {
    return readFile(this.#outputFile(), "utf8").catch(() => "");
  }
}
