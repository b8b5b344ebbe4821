import { testLeaseStoreContract, testStoreContract } from "@horae/testkit";
import { openKeyspace, START_MS, type TestKeyspace } from "./cluster.ts";

let opened: Promise<TestKeyspace> | null = null;
let users = 0;

/** Both suites share a keyspace: they use other tables. */
async function use(): Promise<TestKeyspace> {
  users++;
  // A busy machine may take long for a transaction that eight contend for.
  return (opened ??= openKeyspace(undefined, { leaseTimeoutMs: 10_000 }));
}

async function leave(): Promise<void> {
  users--;
  if (users > 0) return;
  await (await opened)?.close();
  opened = null;
}

testStoreContract({
  name: "CassandraStore",
  setup: async () => (await use()).connection.taskStore("contract"),
  teardown: leave,
  timeoutMs: START_MS,
});

testLeaseStoreContract({
  name: "CassandraLeaseStore",
  setup: async () => (await use()).connection.leaseStore("contract"),
  teardown: leave,
  timeoutMs: START_MS,
});
