import { checkBrokers, checkTopicName, quarantineTopicOf } from "../src/settings.ts";

test.each([["localhost:9092"], ["kafka-1.example.org:9092"], ["127.0.0.1:19092"]])(
  "%s is a broker",
  (broker) => {
    expect(() => checkBrokers([broker])).not.toThrow();
  },
);

test.each([[[]], [["localhost"]], [["[::1]:9092"]], [["a:9092", "kafka://b:9092"]], [[":9092"]]])(
  "%j are no brokers",
  (brokers) => {
    expect(() => checkBrokers(brokers)).toThrow(
      expect.objectContaining({ code: "SETTINGS_INVALID" }),
    );
  },
);

test("a topic leaves room for the name of its quarantine", () => {
  expect(quarantineTopicOf("horae.billing")).toBe("horae.billing.quarantine");
  expect(() => checkTopicName("t".repeat(238))).not.toThrow();
  for (const topic of ["", "t".repeat(239), "a b", "a/b"]) {
    expect(() => checkTopicName(topic)).toThrow(
      expect.objectContaining({ code: "SETTINGS_INVALID" }),
    );
  }
});
