import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { connectCassandra, migrate } from "@horae/cassandra";
import { type CassandraServers, startCassandra } from "@horae/testkit/servers";
import { newKeyspace, newRandom, realClock, settingsFor, START_MS } from "./cluster.ts";

const PASSWORD = "only-for-tests";
const TOOLS = { clock: realClock, random: newRandom() };

/** A key of the server in a key store, and its certificate for clients. */
async function makeCertificate(folder: string): Promise<{ keyStore: string; ca: string }> {
  const keyStore = join(folder, "server.p12");
  const caFile = join(folder, "server.pem");
  const common = ["-keystore", keyStore, "-storepass", PASSWORD, "-alias", "server"];
  const keytool = promisify(execFile);
  const subject = ["-dname", "CN=horae-test", "-ext", "san=ip:127.0.0.1", "-validity", "30"];
  await keytool("keytool", ["-genkeypair", "-keyalg", "RSA", ...common, ...subject]);
  await keytool("keytool", ["-exportcert", "-rfc", "-file", caFile, ...common]);
  return { keyStore, ca: await readFile(caFile, "utf8") };
}

describe("Cassandra with TLS and passwords", () => {
  let folder: string;
  let ca: string;
  let servers: CassandraServers;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "horae-tls-"));
    const certificate = await makeCertificate(folder);
    ca = certificate.ca;
    servers = await startCassandra({
      files: [certificate.keyStore],
      settings: `authenticator: PasswordAuthenticator
authorizer: CassandraAuthorizer
client_encryption_options:
  enabled: true
  optional: false
  keystore: ${certificate.keyStore}
  keystore_password: ${PASSWORD}`,
    });
  }, START_MS);

  afterAll(async () => {
    await servers?.stop();
    await rm(folder, { recursive: true, force: true });
  }, START_MS);

  it(
    "takes credentials and the certificate to trust",
    async () => {
      const settings = {
        ...settingsFor(servers, newKeyspace()),
        tls: { ca },
        credentials: { username: "cassandra", password: "cassandra" },
      };
      await migrate({ settings, replication: { dc1: 1 }, ...TOOLS });
      const connection = await connectCassandra(settings, TOOLS);
      const wanted = { partitions: 4, bucketMs: 60_000 };
      await expect(connection.taskStore("q").ensureQueueSettings(wanted)).resolves.toEqual(wanted);
      await connection.close();
    },
    START_MS,
  );

  it.each([
    [
      "a wrong password",
      { credentials: { username: "cassandra", password: "wrong" } },
      /incorrect/,
    ],
    ["an unknown certificate", { tls: {} }, /certificate/],
    ["no TLS at all", { tls: undefined }, /./],
  ])(
    "goes on trying, and says why, with %s",
    async (_, wrong, message) => {
      const abort = new AbortController();
      const messages: string[] = [];
      const right = {
        ...settingsFor(servers, newKeyspace()),
        tls: { ca },
        credentials: { username: "cassandra", password: "cassandra" },
        requestTimeoutMs: 1_000,
      };
      const { tls, ...others } = { ...right, ...wrong };
      const settings = tls === undefined ? others : { ...others, tls };
      const connecting = connectCassandra(settings, {
        ...TOOLS,
        signal: abort.signal,
        onRefused: ({ error }) => {
          messages.push(error.message);
          abort.abort();
        },
      });
      await expect(connecting).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
      expect(messages[0]).toMatch(message);
    },
    START_MS,
  );
});
