import { HoraeError, RetryLaterError, SeededRandom, TaskFailedError } from "@horae/core";
import { decideOutcome, type HandlerEnd, withdrawnStatus } from "../src/outcome.ts";
import { keyOf, loadedTask, statusOf } from "./rows.ts";

const at = { nowMs: 1_000_000, random: new SeededRandom(1) };

function taskAt(attempts: number, maxAttempts = 5, withdrawn = 0) {
  const status = statusOf({ attempts: attempts - 1, withdrawn });
  const task = loadedTask(keyOf(1), { options: { maxAttempts }, status });
  task.attempts = attempts;
  return task;
}

const threw = (error: unknown): HandlerEnd => ({ kind: "threw", error });

describe("decideOutcome", () => {
  it("finishes a task whose handler returned", () => {
    const status = decideOutcome(taskAt(1), { kind: "returned", value: { ok: 1 } }, at);
    expect(status).toMatchObject({ status: "succeeded", attempts: 1, resultJson: '{"ok":1}' });
    expect(status.finishedAtMs).toBe(at.nowMs);
  });

  it.each<[string, unknown]>([
    ["too large", "x".repeat(33_000)],
    ["a function", () => 1],
    [
      "an object that throws",
      {
        toJSON: () => {
          throw new Error("no");
        },
      },
    ],
    ["a bigint", 1n],
  ])("fails an attempt whose result is %s", (_, value) => {
    const status = decideOutcome(taskAt(1), { kind: "returned", value }, at);
    expect(status).toMatchObject({ status: "retrying", lastError: { code: "RESULT_INVALID" } });
  });

  it("retries by policy", () => {
    const status = decideOutcome(taskAt(2), threw(new Error("boom")), at);
    expect(status).toMatchObject({
      status: "retrying",
      lastError: { code: "HANDLER_ERROR", message: "boom" },
    });
    expect(status.nextAttemptAtMs! - at.nowMs).toBeGreaterThanOrEqual(1_800);
    expect(status.nextAttemptAtMs! - at.nowMs).toBeLessThanOrEqual(2_000);
  });

  it("fails when the attempts are used up, and not before", () => {
    expect(decideOutcome(taskAt(4, 5), threw(1), at).status).toBe("retrying");
    expect(decideOutcome(taskAt(5, 5), threw(1), at).status).toBe("failed");
  });

  it("does not count attempts that were given back before they started", () => {
    expect(decideOutcome(taskAt(5, 5, 1), threw(1), at).status).toBe("retrying");
    expect(decideOutcome(taskAt(6, 5, 1), threw(1), at).status).toBe("failed");
  });

  it("fails at once on TaskFailedError, told by its code and not by its class", () => {
    expect(decideOutcome(taskAt(1), threw(new TaskFailedError("no")), at).status).toBe("failed");
    expect(decideOutcome(taskAt(1), threw({ code: "TASK_FAILED" }), at).status).toBe("failed");
  });

  it("takes the delay that RetryLaterError asks for, while it counts", () => {
    const later = new RetryLaterError({ delayMs: 77 });
    expect(decideOutcome(taskAt(1), threw(later), at).nextAttemptAtMs).toBe(at.nowMs + 77);
    expect(decideOutcome(taskAt(5, 5), threw(later), at).status).toBe("failed");
    const nonsense = { code: "RETRY_LATER", delayMs: Number.NaN };
    expect(decideOutcome(taskAt(1), threw(nonsense), at).nextAttemptAtMs).toBeGreaterThan(at.nowMs);
  });

  it.each<[string, unknown, string]>([
    ["a string", "plain", "plain"],
    ["undefined", undefined, "undefined"],
    ["an object that cannot be shown", Object.create(null), "a value that cannot be shown"],
    ["an error with a code", new HoraeError("LOG_GAP", "gap"), "gap"],
  ])("describes %s", (_, error, message) => {
    expect(decideOutcome(taskAt(1), threw(error), at).lastError?.message).toBe(message);
  });
});

describe("withdrawnStatus", () => {
  it("uses up the number and not the count", () => {
    expect(withdrawnStatus(taskAt(3))).toMatchObject({
      attempts: 3,
      withdrawn: 1,
      claimOpen: false,
    });
  });
});
