import { execFile } from "node:child_process";
import { access, mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transform } from "@swc/core";
import { type ServerNode, startKafka } from "@horae/testkit/servers";

const START_MS = 180_000;

function accepts({ host, port }: ServerNode): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** What Cassandra's own tests do not show: those kill, pause and restart it, one node and three. */
describe("the launcher of test servers", () => {
  it.each(["3.9.1", "4.1.1"])(
    "starts, pauses, kills, restarts and stops Kafka %s",
    async (version) => {
      const kafka = await startKafka({ version });
      const node = kafka.nodes[0]!;
      try {
        await expect(accepts(node)).resolves.toBe(true);
        await node.pause();
        // Its kernel still accepts: that is what makes a hung server hard to tell from a slow one.
        await expect(accepts(node)).resolves.toBe(true);
        await node.resume();
        await node.kill();
        await expect(accepts(node)).resolves.toBe(false);
        await node.restart();
        await expect(accepts(node)).resolves.toBe(true);
      } finally {
        await kafka.stop();
      }
      await expect(accepts(node)).resolves.toBe(false);
    },
    START_MS,
  );

  it("refuses an override that it does not know", async () => {
    const before = process.env["HORAE_TEST_SERVERS"];
    process.env["HORAE_TEST_SERVERS"] = "podman";
    try {
      await expect(startKafka()).rejects.toThrow("expected docker or jars");
    } finally {
      if (before === undefined) delete process.env["HORAE_TEST_SERVERS"];
      else process.env["HORAE_TEST_SERVERS"] = before;
    }
  });

  it("ends servers when the tests die, however they do", async () => {
    const folder = await mkdtemp(join(tmpdir(), "horae-guard-"));
    const file = join(folder, "was-run");
    try {
      const source = await readFile(
        join(import.meta.dirname, "../../src/servers/guard.ts"),
        "utf8",
      );
      const { code } = await transform(source, {
        jsc: { target: "es2022", parser: { syntax: "typescript" } },
      });
      const script = `${code}
        new Guard(["touch", ${JSON.stringify(file)}]);
        setTimeout(() => process.kill(process.pid, "SIGKILL"), 200);`;
      const signal = await new Promise((resolve) => {
        execFile(process.execPath, ["--input-type=module", "-e", script], (error) =>
          resolve(error?.signal),
        );
      });
      expect(signal).toBe("SIGKILL");
      while (!(await exists(file))) await new Promise((resolve) => setTimeout(resolve, 20));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
