import type { ScheduledTask, TaskInput } from "@horae/client";
import type { Clock } from "@horae/core";
import { formatTaskKey, HoraeError, parseTaskKey } from "@horae/core";
import { CommandFailure } from "./command.ts";
import type { TaskView } from "../listing/task-view.ts";
import type { TaskAccess } from "./task-access.ts";

const TIMEOUT_MS = 40_000;

export interface HttpAccessOptions {
  readonly url: string;
  readonly queue: string;
  readonly clock: Clock;
}

/** The tasks of a node that is asked over HTTP. */
export class HttpAccess implements TaskAccess {
  readonly #base: string;
  readonly #clock: Clock;

  constructor({ url, queue, clock }: HttpAccessOptions) {
    this.#base = `${url.replace(/\/+$/, "")}/v1/queues/${encodeURIComponent(queue)}/tasks`;
    this.#clock = clock;
  }

  async schedule(task: TaskInput): Promise<ScheduledTask> {
    const response = await this.#fetch(this.#base, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(task),
    });
    return (await bodyOf(response)) as ScheduledTask;
  }

  async get(key: string): Promise<TaskView | null> {
    const response = await this.#fetch(`${this.#base}/${formatTaskKey(parseTaskKey(key))}`, {});
    const body = await bodyOf(response, "TASK_UNKNOWN");
    return body as TaskView | null;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #fetch(url: string, request: RequestInit): Promise<Response> {
    const controller = new AbortController();
    const timer = this.#clock.setTimer(TIMEOUT_MS, () => controller.abort());
    try {
      return await fetch(url, { ...request, signal: controller.signal });
    } catch (error) {
      const cause = (error as { cause?: { message?: string } }).cause?.message;
      const reason = controller.signal.aborted ? "no answer in time" : (cause ?? String(error));
      throw new HoraeError("LOG_UNAVAILABLE", `cannot reach ${url}: ${reason}`, {
        cause: error,
        // Once a request is on its way nobody knows what became of it.
        certain: request.method !== "POST",
      });
    } finally {
      timer.cancel();
    }
  }
}

/** The JSON of an answer, or null for the problem `absent`. Other problems are thrown. */
async function bodyOf(response: Response, absent?: string): Promise<unknown> {
  const body = parsed(await response.text());
  if (response.ok && body !== null) return body;
  if (absent !== undefined && body?.code === absent) return null;
  const detail = typeof body?.detail === "string" ? body.detail : `status ${response.status}`;
  if (body?.code === "TASK_INVALID") throw new HoraeError("TASK_INVALID", detail);
  throw new CommandFailure(`${response.url}: ${detail}`);
}

/** Null when what answered is no node of Horae; its status says the rest. */
function parsed(text: string): { readonly code?: unknown; readonly detail?: unknown } | null {
  try {
    return JSON.parse(text) as object | null;
  } catch {
    return null;
  }
}
