import { systemClock, systemRandom } from "@horae/client";
import type { Io } from "./command.ts";
import { main } from "./main.ts";

/** Runs the command line on this process, and ends the process when it is done. */
export async function runOnProcess(): Promise<void> {
  // Whoever reads our output may have had enough of it.
  process.stdout.on("error", () => undefined);
  const code = await main(process.argv.slice(2), processIo());
  // What is written must be out before the process ends. A handler that ran away does not keep it.
  process.stdout.write("", () => process.exit(code));
}

function processIo(): Io {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    input: readInput,
    widthMax: process.stdout.isTTY ? process.stdout.columns : null,
    environment: process.env,
    clock: systemClock,
    random: systemRandom,
    untilSignal,
  };
}

async function readInput(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    let isFirst = true;
    const onSignal = (_signal: NodeJS.Signals, number: number): void => {
      if (!isFirst) process.exit(128 + number);
      isFirst = false;
      resolve();
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  });
}
