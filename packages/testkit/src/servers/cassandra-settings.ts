export interface CassandraSettings {
  /** Address that it listens on and, unless `listensEverywhere`, takes clients on. */
  readonly address: string;
  readonly seed: string;
  /** In a container: clients come over a published port. */
  readonly listensEverywhere: boolean;
  readonly nativePort: number;
  readonly storagePort: number;
  readonly folder: string;
  readonly token: number;
  /** `batch`: a write is on the disk when it is acknowledged. */
  readonly commitLogSync: "batch" | "periodic";
  /** Further lines of `cassandra.yaml`. */
  readonly extra: string;
}

/** `cassandra.yaml` of a small node that starts fast. */
export function cassandraYaml(settings: CassandraSettings): string {
  const { address, folder } = settings;
  const rpc = settings.listensEverywhere
    ? "rpc_address: 0.0.0.0\nbroadcast_rpc_address: 127.0.0.1"
    : `rpc_address: ${address}`;
  const sync =
    settings.commitLogSync === "batch"
      ? "commitlog_sync: batch"
      : "commitlog_sync: periodic\ncommitlog_sync_period: 10000ms";
  return `cluster_name: horae-test
num_tokens: 1
initial_token: "${settings.token}"
auto_bootstrap: false
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: GossipingPropertyFileSnitch
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters: [{seeds: "${settings.seed}"}]
listen_address: ${address}
${rpc}
storage_port: ${settings.storagePort}
native_transport_port: ${settings.nativePort}
start_native_transport: true
data_file_directories: [${folder}/data]
commitlog_directory: ${folder}/commitlog
hints_directory: ${folder}/hints
saved_caches_directory: ${folder}/saved_caches
cdc_raw_directory: ${folder}/cdc_raw
${sync}
commitlog_segment_size: 8MiB
commitlog_total_space: 64MiB
memtable_heap_space: 64MiB
memtable_offheap_space: 32MiB
memtable_allocation_type: heap_buffers
disk_access_mode: mmap_index_only
key_cache_size: 4MiB
counter_cache_size: 0MiB
file_cache_size: 32MiB
networking_cache_size: 16MiB
concurrent_reads: 8
concurrent_writes: 16
concurrent_compactors: 1
auto_snapshot: false
incremental_backups: false
paxos_variant: v2
phi_convict_threshold: 5
read_request_timeout: 3000ms
write_request_timeout: 2000ms
cas_contention_timeout: 1800ms
${settings.extra}
`;
}

/** A pattern takes parentheses for groups: brackets stand around the logger. */
export const LOGBACK = `<configuration><appender name="S" class="ch.qos.logback.core.ConsoleAppender">
<encoder><pattern>[%d] %-5level %msg [%c]%n</pattern></encoder></appender>
<logger name="org.apache.cassandra.service.CassandraDaemon" level="INFO"/>
<logger name="org.apache.cassandra.transport.PipelineConfigurator" level="INFO"/>
<logger name="org.apache.cassandra.service.StorageService" level="DEBUG"/>
<root level="WARN"><appender-ref ref="S"/></root></configuration>
`;

/** What a node writes when clients can connect. */
export const CASSANDRA_READY = "Starting listening for CQL clients";

/** What a node writes when it knows another one and its place in the ring. */
export function knownNodeText(address: string, storagePort: number): string {
  return `Node /${address}:${storagePort} state NORMAL`;
}

/** Start without the waits for a large cluster to settle; the ring has its tokens given. */
export const QUICK_START = [
  "-Dcassandra.skip_wait_for_gossip_to_settle=0",
  "-Dcassandra.ring_delay_ms=1000",
  "-Dcassandra.consistent.rangemovement=false",
  "-Dcassandra.superuser_setup_delay_ms=0",
  "-Dcassandra.shutdown_announce_in_ms=0",
];

/** What Cassandra needs of a Java 17 (its own `conf/jvm17-server.options`), and how it is found. */
export function cassandraJvmFlags(folder: string, jars: string): string[] {
  const exports = [
    "java.base/jdk.internal.misc java.base/java.lang.ref java.sql/java.sql jdk.unsupported/sun.misc",
    "java.management.rmi/com.sun.jmx.remote.internal.rmi java.rmi/sun.rmi.registry",
    "java.rmi/sun.rmi.server jdk.compiler/com.sun.tools.javac.file jdk.attach/sun.tools.attach",
  ];
  const opens = [
    "java.base/java.lang.module java.base/jdk.internal.loader java.base/jdk.internal.ref",
    "java.base/jdk.internal.reflect java.base/jdk.internal.math java.base/jdk.internal.module",
    "java.base/jdk.internal.util.jar jdk.management/com.sun.management.internal java.base/sun.nio.ch",
    "java.base/java.io java.base/java.lang.reflect jdk.compiler/com.sun.tools.javac java.base/java.lang",
    "java.base/java.util java.base/java.nio",
  ];
  const flagsOf = (flag: string, lines: string[]): string[] =>
    lines.flatMap((line) => line.split(" ")).flatMap((name) => [flag, `${name}=ALL-UNNAMED`]);
  return [
    "-Djdk.attach.allowAttachSelf=true",
    ...flagsOf("--add-exports", exports),
    ...flagsOf("--add-opens", opens),
    "-Dio.netty.tryReflectionSetAccessible=true",
    "-Dio.netty.allocator.useCacheForAllThreads=true",
    "-Dio.netty.allocator.maxOrder=11",
    `-javaagent:${jars}/jamm-0.4.0.jar`,
    "-Djava.net.preferIPv4Stack=true",
    "-Dcassandra.libjemalloc=-",
    `-Dcassandra.config=file://${folder}/cassandra.yaml`,
    `-Dcassandra-rackdc.properties=file://${folder}/cassandra-rackdc.properties`,
    `-Dlogback.configurationFile=file://${folder}/logback.xml`,
    `-Dcassandra.logdir=${folder}`,
    `-Dcassandra.storagedir=${folder}`,
    "-Dcassandra-foreground=yes",
    "-Dcassandra.disable_tcactive_openssl=true",
  ];
}
