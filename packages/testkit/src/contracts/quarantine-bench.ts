import type {
  ListedRecord,
  Log,
  Quarantine,
  QuarantineFilter,
  QuarantinePosition,
} from "@horae/core";
import { encodeUtf8, partitionOf } from "@horae/core";

export interface QuarantineUnderTest {
  /** With two partitions or more. */
  readonly log: Log;
  readonly partitions: number;
  readonly quarantine: Quarantine;
}

export const HEADERS = { traceparent: "00" };

/** What the tests of a quarantine do with it. */
export class QuarantineBench {
  underTest!: QuarantineUnderTest;

  /** Appends a record and puts it into quarantine. */
  async refuse(id: string, reason: string): Promise<QuarantinePosition> {
    const { log, partitions } = this.underTest;
    const partition = partitionOf(id, partitions);
    const record = { key: encodeUtf8(id), value: encodeUtf8(`bad ${id}`), headers: HEADERS };
    const { offset } = await log.append({ partition, ...record });
    await this.keep(id, reason, { partition, offset });
    return { partition, offset };
  }

  async keep(id: string, reason: string, position: QuarantinePosition): Promise<void> {
    const key = encodeUtf8(id);
    const value = encodeUtf8(`bad ${id}`);
    const record = { ...position, key, value, headers: HEADERS, timestampMs: 1 };
    await this.underTest.log.quarantine({ record, reason, message: `about ${id}` });
  }

  async list(filter?: QuarantineFilter): Promise<ListedRecord[]> {
    const records: ListedRecord[] = [];
    for await (const record of this.underTest.quarantine.list(filter)) records.push(record);
    return records;
  }

  /** Ordering ids, sorted: quarantines differ in their order. */
  async ids(filter?: QuarantineFilter): Promise<string[]> {
    return (await this.list(filter)).map(({ key }) => Buffer.from(key!).toString()).toSorted();
  }
}
