import { type ChildProcess, spawn } from "node:child_process";

/**
 * A small shell that waits until this process is gone, however it went, and then runs a command.
 * It holds the other end of a pipe that nobody else has, so that even `kill -9` of the tests leaves
 * no server behind.
 */
export class Guard {
  readonly #shell: ChildProcess;

  /** `command` and its arguments, run when this process ends before `cancel` is called. */
  constructor(command: readonly string[]) {
    const script = 'read -r _; exec "$@"';
    this.#shell = spawn("sh", ["-c", script, "horae-guard", ...command], {
      stdio: ["pipe", "ignore", "ignore"],
      // In a session of its own: an interrupt from the keyboard must not end it before the server.
      detached: true,
    });
    this.#shell.on("error", () => undefined);
    this.#shell.stdin?.on("error", () => undefined);
    // Nothing here keeps the event loop alive.
    this.#shell.unref();
    (this.#shell.stdin as unknown as { unref?(): void } | null)?.unref?.();
  }

  cancel(): void {
    this.#shell.kill("SIGKILL");
    this.#shell.stdin?.destroy();
  }
}
