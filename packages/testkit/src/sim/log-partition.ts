import type { LogRecord } from "@horae/core";
import { firstIndex } from "../first-index.ts";

/** The records of one partition. Offsets have gaps now and then, as transactions leave them. */
export class LogPartition {
  readonly #records: LogRecord[] = [];
  readonly #waiting = new Set<() => void>();
  startOffset = 0;
  endOffset = 0;
  /** Its leader is being elected. */
  isWithoutLeader = false;
  /** Records that an election has lost, although they were acknowledged. */
  readonly lost: LogRecord[] = [];
  /** Records at offsets of lost ones: who has read so far does not see them. */
  readonly hidden: LogRecord[] = [];
  /** How often an election has lost records. */
  losses = 0;
  #endBeforeLoss = 0;
  readonly #retired: LogRecord[] = [];

  get hasLost(): boolean {
    return this.lost.length > 0;
  }

  append(record: Omit<LogRecord, "offset">, gap: number): number {
    const offset = this.endOffset + gap;
    this.endOffset = offset + 1;
    const appended = { ...record, offset };
    this.#records.push(appended);
    if (offset < this.#endBeforeLoss) this.hidden.push(appended);
    this.wake();
    return offset;
  }

  get records(): readonly LogRecord[] {
    return this.#records;
  }

  /** Also those that retention has dropped, or an election lost. */
  hasHeld(is: (record: LogRecord) => boolean): boolean {
    return [this.#records, this.#retired, this.lost].some((records) => records.some(is));
  }

  /** As `hasHeld`: all of them. */
  held(is: (record: LogRecord) => boolean): LogRecord[] {
    return [this.#records, this.#retired, this.lost].flatMap((records) => records.filter(is));
  }

  find(offset: number): LogRecord | undefined {
    return this.#records.find((record) => record.offset === offset);
  }

  from(offset: number, recordsMax: number): LogRecord[] {
    const first = firstIndex(this.#records, (record) => record.offset < offset);
    return this.#records.slice(first, first + recordsMax);
  }

  /** What retention does. */
  dropBelow(offset: number): void {
    this.startOffset = Math.max(this.startOffset, Math.min(offset, this.endOffset));
    while (this.#records.length > 0 && this.#records[0]!.offset < this.startOffset) {
      this.#retired.push(this.#records.shift()!);
    }
  }

  /** What an unclean election does: the last records are gone, and their offsets are given out again. */
  loseLast(count: number): void {
    const lost = this.#records.splice(Math.max(0, this.#records.length - count));
    this.lost.push(...lost);
    this.losses++;
    this.#endBeforeLoss = Math.max(this.#endBeforeLoss, this.endOffset);
    this.endOffset = lost[0]?.offset ?? this.endOffset;
    this.wake();
  }

  /** Calls once when there is something new to see. */
  whenChanged(wake: () => void): void {
    this.#waiting.add(wake);
  }

  wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}
