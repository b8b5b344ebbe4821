import type { ScheduledTask, ScheduleOutcome, TaskInput } from "@horae/client";
import type { Clock, HoraeErrorCode } from "@horae/core";
import { formatTaskKey, HoraeError, parseTaskKey } from "@horae/core";
import type { OutcomeView } from "../http/outcome-view.ts";
import type { ListQueryTexts, StaleQueryTexts } from "../listing/list-query.ts";
import type { TaskPage } from "../listing/list-tasks.ts";
import type { TaskView } from "../listing/task-view.ts";
import type { QuarantinePage } from "../quarantine-view.ts";
import { CommandFailure } from "./command.ts";
import type { QuarantineQuery, Replayed, TaskAccess } from "./task-access.ts";

const TIMEOUT_MS = 40_000;

/** What one request may bring. */
const BATCH_MAX = 1_000;

/** Codes that say that the command line was wrong, not the node. */
const USAGE_CODES: readonly unknown[] = ["TASK_INVALID", "REQUEST_INVALID"];

export interface HttpAccessOptions {
  readonly url: string;
  readonly queue: string;
  /** Null: none is sent. */
  readonly token: string | null;
  readonly clock: Clock;
}

/** The tasks of a node that is asked over HTTP. */
export class HttpAccess implements TaskAccess {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #clock: Clock;

  constructor({ url, queue, token, clock }: HttpAccessOptions) {
    this.#base = `${url.replace(/\/+$/, "")}/v1/queues/${encodeURIComponent(queue)}`;
    this.#headers = token === null ? {} : { authorization: `Bearer ${token}` };
    this.#clock = clock;
  }

  async schedule(task: TaskInput): Promise<ScheduledTask> {
    const response = await this.#post("/tasks", task);
    return (await bodyOf(response)) as ScheduledTask;
  }

  async scheduleMany(tasks: readonly TaskInput[]): Promise<readonly ScheduleOutcome[]> {
    const outcomes: OutcomeView[] = [];
    for (let from = 0; from < tasks.length; from += BATCH_MAX) {
      const some = tasks.slice(from, from + BATCH_MAX);
      const response = await this.#post("/tasks:batch", { tasks: some });
      outcomes.push(...(await outcomesOf(response)));
    }
    return outcomes.map((outcome) => (outcome.ok ? outcome : failedOutcome(outcome)));
  }

  async get(key: string): Promise<TaskView | null> {
    const response = await this.#fetch(`/tasks/${formatTaskKey(parseTaskKey(key))}`, {});
    return (await bodyOf(response, "TASK_UNKNOWN")) as TaskView | null;
  }

  list(query: ListQueryTexts): Promise<TaskPage> {
    return this.#page("/tasks", query);
  }

  stale(query: StaleQueryTexts): Promise<TaskPage> {
    return this.#page("/stale", query);
  }

  async quarantined(query: QuarantineQuery): Promise<QuarantinePage> {
    const texts = { ...query, limit: String(query.limit) };
    return (await bodyOf(await this.#ask("/quarantine", texts))) as QuarantinePage;
  }

  async replay(filter: { readonly reason?: string }): Promise<Replayed> {
    return (await bodyOf(await this.#post("/quarantine:replay", filter))) as Replayed;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #page(path: string, query: object): Promise<TaskPage> {
    return (await bodyOf(await this.#ask(path, query))) as TaskPage;
  }

  #ask(path: string, query: object): Promise<Response> {
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const parameters = new URLSearchParams(given as [string, string][]);
    return this.#fetch(`${path}?${parameters.toString()}`, {});
  }

  #post(path: string, body: object): Promise<Response> {
    return this.#fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  }

  async #fetch(path: string, request: OwnRequest): Promise<Response> {
    const url = this.#base + path;
    const controller = new AbortController();
    const timer = this.#clock.setTimer(TIMEOUT_MS, () => controller.abort());
    const headers = { ...request.headers, ...this.#headers };
    try {
      return await fetch(url, { ...request, headers, signal: controller.signal });
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

interface OwnRequest {
  readonly method?: "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface ProblemBody {
  readonly code?: unknown;
  readonly detail?: unknown;
  readonly outcomes?: readonly OutcomeView[];
}

/** The JSON of an answer, or null for the problem `absent`. Other problems are thrown. */
async function bodyOf(response: Response, absent?: string): Promise<unknown> {
  const body = parsed(await response.text());
  if (response.ok && body !== null) return body;
  if (absent !== undefined && body?.code === absent) return null;
  throw failureOf(response, body);
}

/** Also of a batch that was appended in part. */
async function outcomesOf(response: Response): Promise<readonly OutcomeView[]> {
  const body = parsed(await response.text());
  if (response.ok && body !== null) return (body as { tasks: readonly OutcomeView[] }).tasks;
  if (body?.outcomes !== undefined) return body.outcomes;
  throw failureOf(response, body);
}

function failureOf(response: Response, body: ProblemBody | null): Error {
  const detail = typeof body?.detail === "string" ? body.detail : `status ${response.status}`;
  if (USAGE_CODES.includes(body?.code)) return new HoraeError(body!.code as HoraeErrorCode, detail);
  return new CommandFailure(`${response.url}: ${detail}`);
}

function failedOutcome(outcome: Extract<OutcomeView, { ok: false }>): ScheduleOutcome {
  const { code, detail, certain, key } = outcome;
  const details = key === undefined ? {} : { key };
  const error = new HoraeError(code as HoraeErrorCode, detail, { certain, details });
  return { ok: false, error };
}

/** Null when what answered is no node of Horae; its status says the rest. */
function parsed(text: string): ProblemBody | null {
  try {
    return JSON.parse(text) as object | null;
  } catch {
    return null;
  }
}
