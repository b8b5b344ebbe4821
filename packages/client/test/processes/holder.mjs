// Has a directory open until its standard input ends.
import { systemClock } from "@horae/client";
import { openEmbedded } from "@horae/embedded";

const queue = { name: "billing", partitions: 4, bucketMs: 60_000 };
const opened = await openEmbedded({ dir: process.argv[2], queue, clock: systemClock });
opened.setUrl("http://127.0.0.1:9");
console.log("open");
process.stdin.on("end", () => void opened.close()).resume();
