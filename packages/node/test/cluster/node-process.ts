import type { ChildProcessByStdio } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { HoraeEvent } from "@horae/core";

/** What a node process says about an attempt, at the moment when it happens. */
export interface AttemptLine {
  readonly line: "start" | "end" | "retry";
  readonly node: string;
  /** The monotonic clock of the machine, nanoseconds: one clock for all its processes. */
  readonly at: number;
  /** The wall clock, epoch milliseconds. */
  readonly time: number;
  readonly key: string;
  readonly attempt: number;
  readonly epoch: number;
  readonly fence: number;
  readonly partition: number;
}

type Reported = Extract<HoraeEvent, { type: EventType }>;
export type EventType =
  | "takeOverEnded"
  | "leaseAdopted"
  | "tasksPersisted"
  | "bucketDeleted"
  | "taskForgotten"
  | "leaseReleased"
  | "leaseLost"
  | "partitionStopped"
  | "recordForwarded"
  | "recordQuarantined"
  | "portFailed"
  | "groupChanged";

export type EventLine = Reported & { readonly line: "event"; readonly at: number };
export interface ReadyLine {
  readonly line: "ready";
  readonly at: number;
  readonly url: string | null;
}

/** The process has ended or stopped itself at a place that a test has chosen. */
export interface TrapLine {
  readonly line: "trap";
  readonly at: number;
}

export type Line = AttemptLine | EventLine | ReadyLine | TrapLine;

/** What waits for lines may look at those of several nodes. */
const wakers = new Set<() => void>();

function wakeAll(): void {
  for (const wake of wakers) wake();
  wakers.clear();
}

/** A node in a process of its own, with everything that it reported. It needs a build. */
export class NodeProcess {
  readonly name: string;
  readonly lines: Line[] = [];
  readonly #process: ChildProcessByStdio<null, Readable, Readable>;
  readonly #closed: Promise<void>;
  #isOver = false;
  #err = "";

  constructor(options: {
    name: string;
    config: string;
    env?: NodeJS.ProcessEnv;
    nodeArgs?: readonly string[];
    /** The user that it runs as; the network may treat it differently from others. */
    uid?: number;
    /** Of `test/processes`; it gets the configuration, the name and `words`. */
    script?: string;
    words?: readonly string[];
  }) {
    const { name, config, env = {}, nodeArgs = [], uid, words = [] } = options;
    this.name = name;
    const script = join(__dirname, "../processes", options.script ?? "cluster-node.mjs");
    this.#process = spawn(process.execPath, [...nodeArgs, script, config, name, ...words], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      ...(uid !== undefined && { uid }),
    });
    createInterface({ input: this.#process.stdout }).on("line", (text) => {
      this.lines.push(JSON.parse(text) as Line);
      wakeAll();
    });
    this.#process.stderr.on("data", (chunk: Buffer) => (this.#err += chunk.toString()));
    this.#closed = once(this.#process, "close").then(() => {
      this.#isOver = true;
      wakeAll();
    });
  }

  /** The process is gone. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** What it logged. */
  get log(): string {
    return this.#err;
  }

  get attempts(): AttemptLine[] {
    return this.lines.filter((one) => "attempt" in one && "fence" in one) as AttemptLine[];
  }

  events<Type extends EventType>(type: Type): Extract<EventLine, { type: Type }>[] {
    return this.lines.filter((one) => one.line === "event" && one.type === type) as never;
  }

  /** How often it has ended or stopped itself. */
  get traps(): number {
    return this.lines.filter(({ line }) => line === "trap").length;
  }

  /** Resolves with what `check` answers, once it is something; asked at each line of any node. */
  async until<T>(what: string, check: () => T | null | undefined | false): Promise<T> {
    for (;;) {
      const found = check();
      if (found !== null && found !== undefined && found !== false) return found;
      if (this.#isOver) throw new Error(`${this.name} ended before ${what}: ${this.#err}`);
      await new Promise<void>((resolve) => wakers.add(resolve));
    }
  }

  ready(): Promise<ReadyLine> {
    return this.until("it was ready", () =>
      this.lines.find((one): one is ReadyLine => one.line === "ready"),
    );
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Resolves with its exit code when it is gone. */
  async end(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal !== undefined) this.#process.kill(signal);
    await this.#closed;
    return this.#process.exitCode;
  }
}
