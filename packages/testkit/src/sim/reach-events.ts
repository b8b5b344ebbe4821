import type { HoraeEvent } from "@horae/core";

/** Interesting states that an event of an engine shows. */
export function reachOf(event: HoraeEvent): readonly string[] {
  switch (event.type) {
    case "leaseSuspended":
      return ["lease not renewed in time"];
    case "leaseLost":
      return ["lease lost"];
    case "bucketDeleted":
      return ["a bucket deleted by retention"];
    case "leaseAdopted":
      return ["lease adopted"];
    case "takeOverEnded":
      return event.openClaims > 0 ? ["take-over with open claims"] : [];
    case "tasksEvicted":
      return ["tasks dropped from a full memory"];
    case "laneOverflowed":
      return ["a lane left tasks out"];
    case "rowWithoutRequest":
      return ["a row without request"];
    case "duplicatesDropped":
      return [`duplicate: ${event.reason}`];
    case "recordQuarantined":
      return ["a record in quarantine"];
    case "recordForwarded":
      return ["a record sent on"];
    case "attemptRanAway":
      return ["a runaway"];
    case "attemptEnded":
      return attemptStates(event);
    case "groupChanged":
      return event.state === "lost" ? ["group lost"] : [];
    case "leaseRefused":
      return event.code === "CLOCK_AHEAD" ? ["a clock too far ahead for a lease"] : [];
    default:
      return [];
  }
}

function attemptStates({
  outcome,
  code,
}: Extract<HoraeEvent, { type: "attemptEnded" }>): readonly string[] {
  if (outcome === "failed") return [`failed: ${code ?? "?"}`];
  return outcome === "retry" && code === "TIMEOUT" ? ["timed out"] : [];
}
