export interface KafkaPorts {
  readonly client: number;
  readonly controller: number;
}

/** Any base64 of 16 bytes; all nodes of a cluster are formatted with the same. */
export const KAFKA_CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qk";

/** What a broker writes when it takes requests. */
export const KAFKA_READY = "Kafka Server started";

/**
 * `server.properties` of broker and controller number `index` (from 0) of `ports.length`. Small
 * and quick: few offset partitions, no initial rebalance delay, fast fail-over among several.
 */
export function kafkaSettings(
  index: number,
  ports: readonly KafkaPorts[],
  folder: string,
): Record<string, string> {
  const own = ports[index]!;
  const replicas = String(Math.min(ports.length, 3));
  const inSync = String(Math.min(ports.length, 2));
  const voters = ports.map(({ controller }, i) => `${i + 1}@127.0.0.1:${controller}`);
  return {
    "process.roles": "broker,controller",
    "node.id": String(index + 1),
    "broker.rack": `dc${index + 1}`,
    "controller.quorum.voters": voters.join(","),
    listeners: `PLAINTEXT://127.0.0.1:${own.client},CONTROLLER://127.0.0.1:${own.controller}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${own.client}`,
    "inter.broker.listener.name": "PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "log.dirs": folder,
    "num.partitions": "1",
    "auto.create.topics.enable": "false",
    "default.replication.factor": replicas,
    "min.insync.replicas": inSync,
    "offsets.topic.replication.factor": replicas,
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": replicas,
    "transaction.state.log.min.isr": inSync,
    "transaction.state.log.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "num.network.threads": "2",
    "num.io.threads": "2",
    "log.cleaner.dedupe.buffer.size": "2097152",
    "log.segment.bytes": "16777216",
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "replica.lag.time.max.ms": "3000",
  };
}

/** Kafka 3.9 logs through Log4j 1 and reads this, Kafka 4 through Log4j 2 and reads the next. */
export const LOG4J_1 = `log4j.rootLogger=WARN, S
log4j.logger.kafka.server.KafkaRaftServer=INFO
log4j.appender.S=org.apache.log4j.ConsoleAppender
log4j.appender.S.layout=org.apache.log4j.PatternLayout
log4j.appender.S.layout.ConversionPattern=[%d] %p %m (%c)%n
`;

export const LOG4J_2 = `<Configuration><Appenders><Console name="S">
<PatternLayout pattern="[%d] %p %m (%c)%n"/></Console></Appenders>
<Loggers><Logger name="kafka.server.KafkaRaftServer" level="info"/>
<Root level="warn"><AppenderRef ref="S"/></Root></Loggers></Configuration>
`;
