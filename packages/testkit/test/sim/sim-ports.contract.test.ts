import { testLeaseStoreContract, testLogContract, testStoreContract } from "../../src/index.ts";
import { LeaseRegisters, SimLeases } from "../../src/sim/sim-leases.ts";
import { SimStore } from "../../src/sim/sim-store.ts";
import { SimBench } from "./sim-bench.ts";

// A simulation proves as much as its servers resemble the real ones, which pass the same suites.

const bench = new SimBench({ harm: { lag: 0.3, parts: 0.3, lateMaxMs: 500 } });

const ports = () => ({ traffic: bench.traffic, host: bench.host, process: bench.process });

beforeAll(() => bench.start());
afterAll(() => bench.stop());

testStoreContract({
  name: "SimStore of three replicas",
  setup: async () => new SimStore(ports()),
  teardown: async () => undefined,
});

testLeaseStoreContract({
  name: "SimLeases",
  setup: async () => new SimLeases({ ...ports(), registers: new LeaseRegisters() }),
  teardown: async () => undefined,
});

testLogContract({
  name: "SimLog",
  setup: async () => {
    const cluster = bench.logCluster(4);
    return {
      log: bench.log(cluster),
      otherLog: bench.log(cluster, "b"),
      quarantined: async (partition) =>
        [...cluster.quarantine.values()].filter(({ record }) => record.partition === partition),
      dropBelow: async ({ partition, offset }) => cluster.at(partition).dropBelow(offset),
      appendRaw: async (record) => cluster.append({ headers: {}, ...record }),
    };
  },
  teardown: ({ log }) => log.close(),
});
