import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CommandArguments, Io } from "../../src/cli/command.ts";
import { openStores } from "../../src/cli/store-options.ts";
import { openTaskAccess } from "../../src/cli/task-access.ts";
import { useTemporaryDirectory } from "../temporary-directory.ts";

const directory = useTemporaryDirectory();
const io = { err: () => undefined, environment: {} } as unknown as Io;

function given(options: Record<string, string>): CommandArguments {
  return {
    text: (name) => options[name]!,
    optionalText: (name) => options[name] ?? null,
    flag: () => false,
  };
}

describe("--queue beside --config", () => {
  it.each([
    ["the stores", openStores],
    ["the tasks", openTaskAccess],
  ])("is refused for %s when it is not that of the configuration", async (_, open) => {
    const config = join(directory.path, "horae.yaml");
    writeFileSync(config, `queue: { name: billing }\nembedded: { dir: ${directory.path} }\n`);
    const message = "--queue: the configuration is that of billing";
    await expect(open(given({ config, queue: "other" }), io)).rejects.toMatchObject({
      name: "UsageError",
      message,
    });
  });
});
