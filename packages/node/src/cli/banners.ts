import { resolve } from "node:path";
import type { HoraeNode } from "../horae-node.ts";

/** One line for scripts that wait for it. */
export function runBanner(node: HoraeNode): string {
  const places = [
    `queue=${node.queue.name}`,
    ...(node.url === null ? [] : [`url=${node.url}`]),
    ...(node.directory === null ? [] : [`dir=${resolve(node.directory)}`]),
  ];
  return `horae is ready: ${places.join(" ")}\n`;
}

/** Four lines for whoever has just typed `horae dev`. */
export function devBanner(
  node: HoraeNode,
  handlers: { readonly file: string; readonly types: readonly string[] },
): string {
  const { directory, url } = node;
  const lines = [
    `horae is ready: url=${url}`,
    `  directory  ${directory === null ? "none" : resolve(directory)}`,
    `  handlers   ${handlers.types.join(", ")} (${handlers.file}, reloaded when it changes)`,
    `  schedule   npx horae schedule --type ${handlers.types[0]} --ordering-id me --in 5s`,
  ];
  return lines.map((line) => `${line}\n`).join("");
}
