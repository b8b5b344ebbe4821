import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Guard } from "./guard.ts";

export interface ServerFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** A folder for the data of a group of servers; it is removed at the latest when this process ends. */
export async function serverFolder(name: string): Promise<ServerFolder> {
  const path = await mkdtemp(join(tmpdir(), `horae-${name}-`));
  // The guards of the servers kill first.
  const guard = new Guard(["sh", "-c", 'sleep 1; rm -rf "$1"', "horae-guard", path]);
  return {
    path,
    remove: async () => {
      guard.cancel();
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
