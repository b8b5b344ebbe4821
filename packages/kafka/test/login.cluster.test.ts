import { encodeUtf8 } from "@horae/core";
import { checkTopics, ensureTopics, type KafkaQueueSettings, openKafkaLog } from "@horae/kafka";
import { type KafkaServers, startKafka } from "@horae/testkit/servers";
import { eventually, realClock, START_MS, Views } from "./cluster.ts";

const LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule required";

let servers: KafkaServers;

beforeAll(async () => {
  servers = await startKafka({
    settings: {
      // One broker in a container has the third listener for itself.
      "listener.security.protocol.map":
        "CONTROLLER:PLAINTEXT,PLAINTEXT:SASL_PLAINTEXT,BROKER:PLAINTEXT",
      "sasl.enabled.mechanisms": "PLAIN",
      "sasl.mechanism.inter.broker.protocol": "PLAIN",
      "listener.name.plaintext.plain.sasl.jaas.config": `${LOGIN} username="broker" password="b" user_broker="b" user_horae="secret";`,
    },
  });
}, START_MS);

afterAll(() => servers.stop(), START_MS);

function settingsFor(password: string) {
  return {
    brokers: servers.brokers,
    sasl: { mechanism: "plain", username: "horae", password },
    topic: "secured",
    groupId: "secured",
    partitions: 2,
    replicationFactor: 1,
  } satisfies KafkaQueueSettings & { partitions: number; replicationFactor: number };
}

test(
  "who logs in may do everything, on all connections",
  async () => {
    const settings = settingsFor("secret");
    await eventually("the topics are there", () => ensureTopics(settings).catch(() => null));
    await checkTopics(settings);
    const log = openKafkaLog({ settings, clock: realClock });
    const views = new Views();
    await log.join(views.onView);
    expect(await views.settled()).toEqual([0, 1]);
    const bytes = encodeUtf8("x");
    await log.append({ partition: 1, key: bytes, value: bytes, headers: {} });
    const reader = log.openReader({ partition: 1, fromOffset: 0 });
    expect(await reader.read({ recordsMax: 1, bytesMax: 1 })).toHaveLength(1);
    await log.close();
  },
  START_MS,
);

test(
  "a wrong password is said to be one, and is not tried for ever by a single call",
  async () => {
    const settings = settingsFor("wrong");
    const refusal = { code: "LOG_UNAVAILABLE", retryable: false };
    await expect(checkTopics(settings)).rejects.toMatchObject(refusal);
    const log = openKafkaLog({ settings, clock: realClock });
    await expect(log.partitionCount()).rejects.toMatchObject(refusal);
    const bytes = encodeUtf8("x");
    const append = log.append({ partition: 0, key: bytes, value: bytes, headers: {} });
    await expect(append).rejects.toMatchObject({ ...refusal, certain: true });
    await log.close();
  },
  START_MS,
);
