import { connect } from "node:net";
import {
  startCassandra,
  startKafka,
  type ServerGroup,
  type ServerNode,
} from "@horae/testkit/servers";

const START_MS = 120_000;

function accepts({ host, port }: ServerNode): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

async function expectLives(group: ServerGroup): Promise<void> {
  const [node] = group.nodes;
  await expect(accepts(node!)).resolves.toBe(true);
  await node!.pause();
  // Its kernel still accepts: that is what makes a hung server hard to tell from a slow one.
  await expect(accepts(node!)).resolves.toBe(true);
  await node!.resume();
  await node!.kill();
  await expect(accepts(node!)).resolves.toBe(false);
  await node!.restart();
  await expect(accepts(node!)).resolves.toBe(true);
}

describe("the launcher of test servers", () => {
  it.each(["3.9.1", "4.1.1"])(
    "starts, kills, restarts and stops Kafka %s",
    async (version) => {
      const kafka = await startKafka({ version });
      try {
        await expectLives(kafka);
      } finally {
        await kafka.stop();
      }
      await expect(accepts(kafka.nodes[0]!)).resolves.toBe(false);
    },
    START_MS,
  );

  it(
    "starts, kills, restarts and stops Cassandra",
    async () => {
      const cassandra = await startCassandra();
      try {
        await expectLives(cassandra);
      } finally {
        await cassandra.stop();
      }
      await expect(accepts(cassandra.nodes[0]!)).resolves.toBe(false);
    },
    START_MS,
  );

  it(
    "starts three data centres of each at the same time",
    async () => {
      const started = await Promise.allSettled([
        startKafka({ brokers: 3 }),
        startCassandra({ dataCenters: 3 }),
      ]);
      const groups = started.flatMap((start) =>
        start.status === "fulfilled" ? [start.value] : [],
      );
      try {
        expect(started.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
        for (const group of groups) {
          expect(group.nodes).toHaveLength(3);
          expect(await Promise.all(group.nodes.map(accepts))).toEqual([true, true, true]);
        }
      } finally {
        await Promise.all(groups.map((group) => group.stop()));
      }
    },
    START_MS,
  );
});
