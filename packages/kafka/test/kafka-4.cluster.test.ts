import { checkTopics, openKafkaQuarantine } from "@horae/kafka";
import { type KafkaServers, startKafka } from "@horae/testkit/servers";
import { openTopic, readAll, realClock, requestFor, START_MS, text, Views } from "./cluster.ts";

let servers: KafkaServers;

beforeAll(async () => {
  servers = await startKafka({ version: "4.1.1" });
}, START_MS);

afterAll(() => servers.stop(), START_MS);

test(
  "Kafka 4.1 takes everything that we ask of a broker",
  async () => {
    const topic = await openTopic({ brokers: servers.brokers });
    expect(await checkTopics(topic.settings)).toHaveLength(2);
    const log = topic.openLog();
    const views = [new Views(), new Views()];
    for (const view of views) await log.join(view.onView);
    for (const view of views) await view.settled((partitions) => partitions.length === 2);
    const request = { ...requestFor("a", 4), partition: 1 };
    await Promise.all([log.append(request), log.append(request)]);
    expect(await log.bounds(1)).toEqual({ startOffset: 0, endOffset: 2 });
    expect(await log.fingerprint({ partition: 1, offset: 1 })).not.toBeNull();
    const [record] = await readAll(log.openReader({ partition: 1, fromOffset: 1 }), 1);
    expect(text(record!.value)).toBe("value of a");
    await log.quarantine({ record: record!, reason: "BAD", message: "" });
    await log.markApplied({ partition: 1, offset: 1 });
    const quarantine = openKafkaQuarantine({ settings: topic.settings, clock: realClock });
    expect(await quarantine.replay()).toEqual({ replayed: 1, cut: [] });
    await quarantine.close();
    await topic.close();
  },
  START_MS,
);
