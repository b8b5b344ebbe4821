// A rejection that has nothing to do with a handler ends the process, node or not.
import { createNode } from "@horae/node";

const [dir] = process.argv.slice(2);
const node = createNode({
  config: { embedded: { dir }, logging: { level: "silent" } },
  handlers: { a: () => undefined },
});
await node.start();
void Promise.reject(new Error("from elsewhere"));
setTimeout(() => process.exit(0), 30_000);
