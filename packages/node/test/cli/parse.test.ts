import type { Command, CommandArguments } from "../../src/cli/command.ts";
import { parseCommandLine } from "../../src/cli/parse.ts";

function command(usage: string, options: Command["options"] = {}): Command {
  return { usage, describe: `does ${usage}`, options, examples: [], run: () => Promise.resolve() };
}

const SCHEDULE = command("schedule", {
  type: { type: "string", required: true, describe: "the type" },
  "ordering-id": { type: "string", required: true, describe: "the ordering id" },
  data: { type: "string", describe: "the data" },
  queue: { type: "string", describe: "the queue", default: "default" },
  json: { type: "boolean", describe: "JSON" },
});
const COMMANDS = [SCHEDULE, command("tasks get <key>"), command("tasks list"), command("dev")];

const parse = (...words: string[]) => parseCommandLine(words, COMMANDS);

async function argumentsFor(...words: string[]): Promise<CommandArguments> {
  const parsed = await parse(...words);
  if (parsed.kind !== "run") throw new Error("it printed");
  return parsed.args;
}

describe("the command line", () => {
  it("finds the command and its options", async () => {
    const parsed = await parse("schedule", "--type", "a", "--ordering-id=42", "--json");
    expect(parsed).toMatchObject({ kind: "run", command: { usage: "schedule" } });
    const args = (parsed as { args: CommandArguments }).args;
    expect(args.text("ordering-id")).toBe("42");
    expect(args.flag("json")).toBe(true);
    expect(args.optionalText("data")).toBeNull();
    expect(args.text("queue")).toBe("default");
  });

  it("finds a command of two words, with its argument as it stands", async () => {
    const key = "2026-12-01T09:00:00.000Z/007/a%20b";
    const parsed = await parse("tasks", "get", key);
    expect(parsed).toMatchObject({ kind: "run", command: { usage: "tasks get <key>" } });
    expect((parsed as { args: CommandArguments }).args.text("key")).toBe(key);
    expect(await argumentsFor("tasks", "get", "0123").then((args) => args.text("key"))).toBe(
      "0123",
    );
  });

  it("takes values that look like something else", async () => {
    const given = ["schedule", "--type", "a", "--ordering-id", "0123", "--data"];
    expect((await argumentsFor(...given, "-")).text("data")).toBe("-");
    expect((await argumentsFor(...given, "-5")).text("data")).toBe("-5");
    expect((await argumentsFor(...given, "1e3")).text("data")).toBe("1e3");
    expect((await argumentsFor(...given, "true")).text("data")).toBe("true");
    expect((await argumentsFor(...given, '{"a.b": 1}')).text("data")).toBe('{"a.b": 1}');
    expect((await argumentsFor(...given.slice(0, -1), "--data=--x")).text("data")).toBe("--x");
    expect((await argumentsFor(...given.slice(0, -1))).text("ordering-id")).toBe("0123");
  });

  it.each([
    [["schedule", "--tpye", "a"], 'unknown option --tpye; did you mean "--type"?'],
    [
      ["schedule", "--type", "a", "--orderingId", "b"],
      'unknown option --orderingId; did you mean "--ordering-id"?',
    ],
    [["schedule", "--zzzzzzzz"], "unknown option --zzzzzzzz"],
    [["schedule", "--a.b", "1"], "unknown option --a.b"],
    [["schedule", "--no-json"], 'unknown option --no-json; did you mean "--json"?'],
    [["schedule"], "missing --type, --ordering-id"],
    [["schedule", "--type", "a", "--ordering-id", "b", "x"], 'unexpected argument "x"'],
    [["schedule", "--type"], "--type needs a value"],
    [["shedule"], 'unknown command "shedule"; did you mean "schedule"?'],
    [["tasks"], "tasks what? One of: tasks get, tasks list"],
    [["tasks", "lsit"], 'unknown command "tasks lsit"; did you mean "tasks list"?'],
    [["tasks", "get"], "an argument is missing"],
    [[], "which command? One of: schedule, tasks get, tasks list, dev"],
  ])("%j: %s", async (words, message) => {
    await expect(parse(...words)).rejects.toMatchObject({ name: "UsageError", message });
  });

  it("prints help and version", async () => {
    const help = await parse("--help");
    expect(help).toMatchObject({ kind: "print" });
    expect((help as { text: string }).text).toContain("schedule");
    const ofCommand = await parse("schedule", "--help");
    expect((ofCommand as { text: string }).text).toContain("--ordering-id");
    expect(await parse("--version")).toEqual({ kind: "print", text: "0.1.0" });
  });
});
