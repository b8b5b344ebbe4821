import { FakeClock } from "@horae/testkit";
import { type Embedded, openEmbedded } from "../src/index.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const RECORDS = 1_800;

describe("trimming the log", () => {
  let embedded: Embedded;

  beforeEach(async () => {
    const queue = { name: "q", partitions: 2, bucketMs: 1_000 };
    embedded = await openEmbedded({ dir: temporaryDirectory(), queue, clock: new FakeClock() });
    const record = { key: new Uint8Array([1]), value: new Uint8Array([2]), headers: {} };
    await Promise.all(
      Array.from({ length: RECORDS }, () => embedded.log.append({ partition: 0, ...record })),
    );
    await embedded.log.append({ partition: 1, ...record });
  });

  afterEach(() => embedded.close());

  const startOffset = async () => (await embedded.log.bounds(0)).startOffset;

  async function untilStart(offset: number): Promise<void> {
    // Each append waits for a commit, behind the trimmer's.
    while ((await startOffset()) < offset) {
      const record = { key: new Uint8Array([1]), value: new Uint8Array([2]), headers: {} };
      await embedded.log.append({ partition: 1, ...record });
    }
  }

  it("is done in parts of which the caller waits for the first, and goes on by itself", async () => {
    await embedded.log.markApplied({ partition: 0, offset: RECORDS - 1 });
    expect(await startOffset()).toBe(500);
    await untilStart(RECORDS - 1);
    expect(await embedded.log.bounds(0)).toEqual({ startOffset: RECORDS - 1, endOffset: RECORDS });
    expect(await embedded.log.fingerprint({ partition: 0, offset: RECORDS - 1 })).not.toBeNull();
  });

  it("takes in what is applied while it goes on, and forgets nothing that is not", async () => {
    await Promise.all(
      [100, 900, 1_200, 1_100].map((offset) => embedded.log.markApplied({ partition: 0, offset })),
    );
    await untilStart(1_200);
    expect(await startOffset()).toBe(1_200);
    const reader = embedded.log.openReader({ partition: 0, fromOffset: 1_200 });
    const read = await reader.read({ recordsMax: RECORDS, bytesMax: 1_000_000 });
    expect(read).toHaveLength(RECORDS - 1_200);
  });

  it("ends when the directory is closed", async () => {
    await embedded.log.markApplied({ partition: 0, offset: RECORDS - 1 });
    await embedded.close();
  });
});
