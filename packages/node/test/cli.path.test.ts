import { spawnSync } from "node:child_process";
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
    ctx.logger.info({ greeted: task.data }, "said hello");
    return { greeted: task.data };
  },
  fails: async () => { throw new Error("no luck"); },
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
    const [banner, url] = await node.until(/horae is ready: url=(\S+)\n.*\n.*\n.*\n/);
    expect(banner.split("\n").slice(1, 4)).toEqual([
      `  directory  ${join(dir.path, ".horae")}`,
      "  handlers   hello, fails, slow (handlers.mjs, reloaded when it changes)",
      "  schedule   npx horae schedule --type hello --ordering-id me --in 5s",
    ]);
    const given = ["schedule", "--type", "hello", "--ordering-id", "me", "--in", "0s"];

    const byDirectory = await horae(...given, "--uniqueness-key", "a/1", "--data", '{"n":1}');
    expect(byDirectory).toMatchObject({ code: 0, err: "" });
    const key = byDirectory.out.trimEnd();
    expect(key).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z\/me\/a%2F1$/);
    await node.until(/ran a\/1 \{"n":1\}/);
    // What handlers log is seen, in words; what the node does is not.
    expect(await node.until(/^info +said hello \{.*"greeted":\{"n":1\}.*\}$/m)).toHaveLength(1);

    const byUrl = await horae(...given, "--url", url!, "--uniqueness-key", "b", "--json");
    expect(JSON.parse(byUrl.out)).toMatchObject({ offset: 1 });
    await node.until(/ran b null/);

    expect(await get(key)).toMatchObject({ key, type: "hello", data: { n: 1 }, partition: 7 });
    expect(await get(key, "--url", url!)).toMatchObject({ key });
    const forPeople = await horae("tasks", "get", key);
    expect(forPeople.out).toContain(`key           ${key}\ntype          hello\nstatus `);
    expect((await horae("tasks", "get", "2026-01-01T00:00:00Z/a/b")).code).toBe(1);

    const failing = [
      "--type",
      "fails",
      "--ordering-id",
      "f",
      "--uniqueness-key",
      "f",
      "--in",
      "0s",
    ];
    await horae("schedule", ...failing);
    await node.until(/^warn +attempt 1 ended as retry: HANDLER_ERROR; horae tasks get \S+\/f\/f$/m);

    node.kill("SIGTERM");
    const { code, err } = await node.end();
    expect(code).toBe(0);
    expect(err).not.toContain("taken over");
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

  it("lists what there is, with and without a node", async () => {
    const node = begin("dev", "--handlers", "handlers.mjs");
    await node.until(/horae is ready/);
    const schedule = ["schedule", "--ordering-id", "o", "--uniqueness-key", "k", "--count", "3"];
    const later = await horae(...schedule, "--type", "hello", "--in", "30m");
    expect(
      later.out
        .trimEnd()
        .split("\n")
        .map((key) => key.split("/")[2]),
    ).toEqual(["k-1", "k-2", "k-3"]);
    const old = await horae(
      ...schedule,
      "--type",
      "nobody-knows",
      "--at",
      "2020-01-01T00:00:00Z",
      "--json",
    );
    const [first] = old.out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { key: string });
    await node.until(/no handler/);

    const list = async (...words: string[]) => {
      const { out, err, code } = await horae("tasks", "list", "--json", ...words);
      expect({ err, code }).toEqual({ err: "", code: 0 });
      return JSON.parse(out) as {
        version: number;
        tasks: TaskView[];
        nextPageToken: string | null;
      };
    };
    const look = async () => {
      const all = await list();
      expect(all.version).toBe(1);
      expect(all.tasks.map(({ key }) => `${key}\n`).join("")).toBe(later.out);
      const page = await list("--limit", "2");
      const rest = await list("--limit", "2", "--page-token", page.nextPageToken!);
      expect([...page.tasks, ...rest.tasks]).toEqual(all.tasks);
      expect((await list("--type", "other")).tasks).toEqual([]);
      const stale = await horae("stale", "--older-than", "1h", "--limit", "1");
      expect(stale.code).toBe(0);
      expect(stale.out).toMatch(/^KEY +STATUS +SCHEDULED +FROM NOW +ATTEMPTS +TYPE/);
      expect(stale.out.split("\n")[1]).toMatch(
        new RegExp(`^${first!.key} +pending +20.*ago +0 +nobody-knows$`),
      );
      expect(stale.err).toMatch(/^horae: next page: --page-token \S+\n$/);
    };
    await look();
    node.kill("SIGTERM");
    await node.end();
    await look();
  });

  it("dev takes new handlers when their file changes, and keeps the old ones when it is broken", async () => {
    const node = begin("dev", "--handlers", "handlers.mjs");
    await node.until(/horae is ready/);
    const file = join(dir.path, "handlers.mjs");
    const words = ["schedule", "--ordering-id", "me", "--in", "0s", "--type"];
    writeFileSync(file, "export default {");
    await node.until(/handlers not reloaded: cannot load/);
    await horae(...words, "hello", "--data", '"old"');
    await node.until(/ran \S+ "old"/);
    writeFileSync(file, 'export default { other: () => console.error("the other one") };');
    await node.until(/handlers reloaded: other/);
    await horae(...words, "other");
    await node.until(/the other one/);
  });

  it("asks for the token of a node that has one", async () => {
    const token = "a-token-of-enough-length";
    writeFileSync(
      join(dir.path, "node.yaml"),
      `embedded: { dir: data }\nhttp: { port: 0, token: ${token} }\n`,
    );
    await begin("run", "--config", "node.yaml", "--handlers", "handlers.mjs").until(/is ready/);
    const words = ["schedule", "--type", "hello", "--ordering-id", "me", "--in", "1h"];
    const refused = await horae(...words, "--dir", "data");
    expect(refused).toMatchObject({ code: 1, out: "" });
    expect(refused.err).toContain("http.token");
    expect((await horae(...words, "--dir", "data", "--token", token)).code).toBe(0);
    expect((await horae(...words, "--config", "node.yaml")).code).toBe(0);
    const env = { HORAE_HTTP_TOKEN: token };
    expect((await runChild([HORAE, ...words, "--dir", "data"], { cwd: dir.path, env })).code).toBe(
      0,
    );
  });

  it("completes command lines in bash", async () => {
    const { out } = await horae("completion", "bash");
    const complete = (...words: string[]) => {
      const script = `${out}COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; _horae; echo "\${COMPREPLY[*]}"`;
      const { stdout, stderr } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
      expect(stderr).toBe("");
      return stdout.trim().split(" ");
    };
    expect(complete("horae", "s")).toEqual(["schedule", "stale"]);
    expect(complete("horae", "tasks", "")).toEqual(["get", "list"]);
    expect(complete("horae", "tasks", "list", "--o")).toEqual(["--ordering-id"]);
    expect(complete("horae", "stale", "--o")).toEqual(["--older-than"]);
    expect(complete("horae", "stale", "--limit", "5", "--o")).toEqual(["--older-than"]);
    expect(complete("horae", "tasks", "get", "2026/a/b", "--j")).toEqual(["--json"]);
    expect(complete("horae", "quarantine", "r")).toEqual(["replay"]);
    expect((await horae("completion", "fish")).code).toBe(2);
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
      [["tasks", "list", "--from", "tuesday"], /^horae: --from: expected 2026-12-01/],
      [["stale", "--older-than", "x"], /^horae: --older-than: expected 90s/],
      [["stale", "--dir", ".horae", "--url", "http://a"], /^horae: give --url or --dir, not both/],
      [[...schedule, "--in", "1s", "--count", "0"], /^horae: --count: expected 1 to/],
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
