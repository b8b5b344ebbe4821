import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TaskView } from "../src/listing/task-view.ts";
import { Child, HORAE, runChild } from "./child.ts";
import { useTemporaryDirectory } from "./temporary-directory.ts";

jest.setTimeout(60_000);

const HANDLERS = `
let release;
export default {
  hello: async (task, ctx) => {
    console.error("ran " + task.uniquenessKey + " " + JSON.stringify(task.data));
    return { greeted: task.data };
  },
  slow: (task, ctx) => {
    console.error("slow began");
    return new Promise((resolve) => process.stdin.once("data", () => resolve("slow ended")).resume());
  },
};
`;

describe("horae", () => {
  const dir = useTemporaryDirectory();
  const children: Child[] = [];
  beforeEach(() => writeFileSync(join(dir.path, "handlers.mjs"), HANDLERS));
  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.kill("SIGKILL");
      await child.end();
    }
  });

  const horae = (...words: string[]) => runChild([HORAE, ...words], { cwd: dir.path });

  function begin(...words: string[]): Child {
    const child = new Child([HORAE, ...words], { cwd: dir.path });
    children.push(child);
    return child;
  }

  async function get(key: string, ...words: string[]): Promise<TaskView> {
    const { out, err } = await horae("tasks", "get", key, "--json", ...words);
    expect(err).toBe("");
    return JSON.parse(out) as TaskView;
  }

  it("dev runs what schedule schedules, by directory and by URL", async () => {
    const node = begin("dev", "--handlers", "handlers.mjs");
    const [line, url] = await node.until(/horae is ready: .*url=(\S+) .*/);
    expect(line).toContain(`dir=${join(dir.path, ".horae")}`);
    const given = ["schedule", "--type", "hello", "--ordering-id", "me", "--in", "0s"];

    const byDirectory = await horae(...given, "--uniqueness-key", "a/1", "--data", '{"n":1}');
    expect(byDirectory).toMatchObject({ code: 0, err: "" });
    const key = byDirectory.out.trimEnd();
    expect(key).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z\/me\/a%2F1$/);
    await node.until(/ran a\/1 \{"n":1\}/);

    const byUrl = await horae(...given, "--url", url!, "--uniqueness-key", "b", "--json");
    expect(JSON.parse(byUrl.out)).toMatchObject({ offset: 1 });
    await node.until(/ran b null/);

    expect(await get(key)).toMatchObject({ key, type: "hello", data: { n: 1 }, partition: 7 });
    expect(await get(key, "--url", url!)).toMatchObject({ key });
    const forPeople = await horae("tasks", "get", key);
    expect(forPeople.out).toContain(`key           ${key}\ntype          hello\nstatus `);
    expect((await horae("tasks", "get", "2026-01-01T00:00:00Z/a/b")).code).toBe(1);

    node.kill("SIGTERM");
    expect(await node.end()).toMatchObject({ code: 0 });
    // Nobody has the directory open now.
    expect(await get(key)).toMatchObject({ status: "succeeded", result: { greeted: { n: 1 } } });
  });

  it("SIGINT drains: a handler that runs may end", async () => {
    const node = begin("dev", "--handlers", "handlers.mjs", "--dir", "data");
    await node.until(/horae is ready/);
    const words = ["--type", "slow", "--ordering-id", "me", "--in", "0s", "--dir", "data"];
    const { out } = await horae("schedule", ...words);
    await node.until(/slow began/);
    expect(await get(out.trim(), "--dir", "data")).toMatchObject({
      status: "running",
      attempts: 1,
    });
    node.kill("SIGINT");
    await node.until(/draining/);
    node.input("go on\n");
    expect((await node.end()).code).toBe(0);
    expect(await get(out.trim(), "--dir", "data")).toMatchObject({ result: "slow ended" });
  });

  it("schedules into a directory that nobody has open; a node runs it later", async () => {
    const node = begin("dev", "--handlers", "handlers.mjs");
    await node.until(/horae is ready/);
    node.kill("SIGTERM");
    await node.end();
    const words = ["schedule", "--type", "hello", "--ordering-id", "me", "--in", "0s"];
    writeFileSync(join(dir.path, "data.json"), '["from a file"]');
    expect((await horae(...words, "--data", "@data.json")).code).toBe(0);
    const options = { cwd: dir.path, input: '"from the input"' };
    expect((await runChild([HORAE, ...words, "--data", "-"], options)).code).toBe(0);
    const next = begin("dev", "--handlers", "handlers.mjs");
    await next.until(/\["from a file"\]/);
    await next.until(/"from the input"/);
  });

  it("run reads a configuration; a killed node leaves nothing that is in the way", async () => {
    const config = "queue: { name: billing }\nembedded: { dir: data }\nhttp: { port: 0 }\n";
    writeFileSync(join(dir.path, "node.yaml"), config);
    const words = ["run", "--config", "node.yaml", "--handlers", "handlers.mjs"];
    const first = begin(...words);
    await first.until(/horae is ready: queue=billing url=\S+ dir=\S+/);
    const second = await horae(...words);
    expect(second.code).toBe(1);
    expect(second.err).toContain(`is in use by process ${first.pid} (http://127.0.0.1:`);
    first.kill("SIGKILL");
    await first.end();
    await begin(...words).until(/horae is ready/);
  });

  it("refuses bad usage with one line and exit code 2", async () => {
    mkdirSync(join(dir.path, ".horae"));
    const schedule = ["schedule", "--type", "hello", "--ordering-id", "me"];
    const cases: [words: string[], line: RegExp][] = [
      [[...schedule, "--im", "10s"], /^horae: unknown option --im; did you mean "--in"\?\n$/],
      [[...schedule], /^horae: give --at or --in, and not both\n$/],
      [[...schedule, "--in", "soon"], /^horae: --in: expected 10s/],
      [[...schedule, "--in", "1s", "--data", "{"], /^horae: --data: not JSON/],
      [[...schedule, "--in", "1s", "--dir", "nowhere"], /^horae: there is no directory nowhere/],
      [["tasks", "get", "tomorrow"], /^horae: the task is not valid/],
      [["dev", "--handlers", "nothing.mjs"], /^horae: cannot load the handlers of nothing.mjs/],
      [
        ["run", "--config", "no.yaml", "--handlers", "handlers.mjs"],
        /^horae: no.yaml: cannot read/,
      ],
    ];
    for (const [words, line] of cases) {
      const { code, out, err } = await horae(...words);
      expect([words, code, out]).toEqual([words, 2, ""]);
      expect(err).toMatch(line);
      expect(err.trimEnd().split("\n")).toHaveLength(1);
    }
  });

  it("says in one line what failed, with exit code 1", async () => {
    mkdirSync(join(dir.path, ".horae"));
    const schedule = ["schedule", "--type", "hello", "--ordering-id", "me", "--in", "1s"];
    const unknown = await horae(...schedule);
    expect(unknown).toMatchObject({ code: 1, out: "" });
    expect(unknown.err).toMatch(/^horae: .* holds no queue yet/);
    const away = await horae(...schedule, "--url", "http://127.0.0.1:9");
    expect(away.code).toBe(1);
    expect(away.err).toMatch(/^horae: cannot reach http:\/\/127.0.0.1:9/);
  });
});
