import { readFileSync } from "node:fs";
import { join } from "node:path";
import { rejection } from "@horae/testkit";
import { Environment } from "../src/environment.ts";
import type { Tables } from "../src/tables.ts";
import type { Writer } from "../src/write-queue.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

let environment: Environment;

beforeEach(() => {
  const dir = temporaryDirectory();
  environment = new Environment({ dir, path: join(dir, "x.mdb") });
});

afterEach(() => environment.close());

const nameOf = (index: number): Buffer => Buffer.from(`setting-${String(index).padStart(6, "0")}`);

function put(index: number, value: unknown = index): Promise<number> {
  return environment.write({
    writer: "store",
    rows: 1,
    bytes: 0,
    apply: ({ settings }) => {
      settings.put(nameOf(index), [value]);
      return index;
    },
  });
}

const get = (index: number) => environment.read(({ settings }) => settings.get(nameOf(index))?.[0]);

describe("a write", () => {
  it("is there when it resolves, with what it answers", async () => {
    expect(await put(1, "one")).toBe(1);
    expect(await get(1)).toBe("one");
  });

  it("sees those before it, whether they are committed or not", async () => {
    const add = () =>
      environment.write({
        writer: "store",
        rows: 1,
        bytes: 0,
        apply: ({ settings }: Tables) => {
          const sum = ((settings.get(nameOf(0))?.[0] as number | undefined) ?? 0) + 1;
          settings.put(nameOf(0), [sum]);
          return sum;
        },
      });
    const sums = await Promise.all(Array.from({ length: 500 }, add));
    expect(sums).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
  });

  it("that is made when another one resolves does not wait for a third", async () => {
    await put(1);
    await put(2);
    const chain = put(3).then(() => put(4));
    expect(await chain).toBe(4);
  });

  it("that throws fails alone", async () => {
    const writes = [
      put(1),
      environment.write({
        writer: "store",
        rows: 1,
        bytes: 0,
        apply: () => {
          throw new Error("mine");
        },
      }),
      put(2),
    ];
    expect((await rejection(writes[1]!)).message).toBe("mine");
    expect(await Promise.all([writes[0], writes[2]])).toEqual([1, 2]);
    expect(environment.failures).toBe(0);
  });

  it("is refused when too much waits, and taken when it is alone", async () => {
    const write = (bytes: number) =>
      environment.write({ writer: "store", rows: 1, bytes, apply: () => "written" });
    const first = write(2 ** 29);
    const error = await rejection(write(1));
    expect(error.message).toContain("too much waits");
    expect(await first).toBe("written");
    expect(await write(1)).toBe("written");
  });

  it("of a lease does not wait for a thousand appends", async () => {
    const order: string[] = [];
    const write = (writer: Writer, rows: number): Promise<void> =>
      environment
        .write({ writer, rows, bytes: 0, apply: () => undefined })
        .then(() => void order.push(writer));
    const appends = Array.from({ length: 20 }, () => write("log", 500));
    await appends[0];
    await Promise.all([...appends, write("log", 500), write("store", 500), write("leases", 1)]);
    expect(order.indexOf("leases")).toBeLessThan(8);
    expect(order.indexOf("store")).toBeLessThan(8);
  });

  it("that is the last comes after all that waited", async () => {
    const order: unknown[] = [];
    const waiting = Array.from({ length: 5 }, (_, index) =>
      environment.write({
        writer: "log",
        rows: 1_000,
        bytes: 0,
        apply: () => void order.push(index),
      }),
    );
    await environment.close(() => order.push("last"));
    await Promise.all(waiting);
    expect(order).toEqual([0, 1, 2, 3, 4, "last"]);
  });

  it("of a closed directory is refused; what waited is written", async () => {
    const waiting = put(1);
    await environment.close();
    expect(await waiting).toBe(1);
    expect((await rejection(put(2))).name).toBe("DirectoryClosedError");
    expect((await rejection(get(1))).name).toBe("DirectoryClosedError");
  });
});

/** Resident pages of mapped files, MiB; where nobody tells, nothing is resident. */
function mappedMiB(): number {
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    return Number(/RssFile:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024;
  } catch {
    return 0;
  }
}

describe("the map of the file", () => {
  it("does not grow with what was written and read", async () => {
    const before = mappedMiB();
    const value = "x".repeat(3_000);
    for (let batch = 0; batch < 40; batch++) {
      const indexes = Array.from({ length: 300 }, (_, index) => batch * 300 + index);
      await Promise.all(indexes.map((index) => put(index, value)));
    }
    for (let index = 0; index < 12_000; index++) {
      if ((await get(index)) !== value) throw new Error(`${index} is not there`);
    }
    // The file has about 50 MiB.
    expect(mappedMiB() - before).toBeLessThan(24);
  });
});
