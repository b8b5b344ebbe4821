import { hasCode, type QuarantineEntry } from "@horae/core";
import { AppendSender } from "./append-sender.ts";
import type { ClusterLink } from "./cluster-link.ts";
import { appendWire } from "./kafka-appender.ts";
import { cutMessage, KEPT_BYTES, wholeMessage } from "./quarantine-record.ts";
import { quarantineTopicOf } from "./settings.ts";

/** Bad records are rare: one partition keeps them in one order. */
export const QUARANTINE_PARTITION = 0;

/** Tried one after the other when the topic refuses a record for its size. */
const KEPT_SIZES = [KEPT_BYTES, 16 * 1024];

/** Keeps bad records of a queue in the topic beside it. */
export class Quarantine {
  readonly #sender: AppendSender;

  constructor(options: { link: ClusterLink; topic: string }) {
    this.#sender = new AppendSender(appendWire(options.link, quarantineTopicOf(options.topic)));
  }

  /**
   * Resolves when the record is kept, whole or (if it is too large for the topic) its beginning with
   * length and hash. Throws what an append throws: nothing is dropped. A record that is kept twice
   * counts once, by partition and offset.
   */
  async keep(entry: QuarantineEntry): Promise<void> {
    let refusal: unknown;
    for (const message of messagesFor(entry)) {
      try {
        await this.#sender.append(QUARANTINE_PARTITION, message());
        return;
      } catch (error) {
        if (!hasCode(error, "RECORD_TOO_LARGE")) throw error;
        refusal = error;
      }
    }
    throw refusal;
  }

  close(): void {
    this.#sender.close();
  }
}

function messagesFor(entry: QuarantineEntry) {
  return [
    () => wholeMessage(entry),
    ...KEPT_SIZES.map((keptBytes) => () => cutMessage(entry, keptBytes)),
  ];
}
