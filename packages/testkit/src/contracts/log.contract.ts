import { testAppend } from "./log-append-tests.ts";
import { LogBench, type LogUnderTest } from "./log-bench.ts";
import { testGroup } from "./log-group-tests.ts";
import { testBounds, testFingerprint } from "./log-position-tests.ts";
import { testQuarantine } from "./log-quarantine-tests.ts";
import { testReader } from "./log-read-tests.ts";

export interface LogContract {
  readonly name: string;
  /** Called once; the tests do not need an empty log each. */
  setup(): Promise<LogUnderTest>;
  teardown(log: LogUnderTest): Promise<void>;
  /** For one test. Default: Jest's. */
  readonly timeoutMs?: number;
}

/**
 * What every Log does. Offsets may have gaps and begin anywhere, the end may lie beyond the last
 * record, and a rebalance may take its time: the suite assumes no more than the port says.
 */
export function testLogContract(contract: LogContract): void {
  describe(`${contract.name} as a log`, () => {
    const bench = new LogBench();
    const { timeoutMs } = contract;
    beforeAll(async () => bench.use(await contract.setup()), timeoutMs);
    afterAll(() => contract.teardown(bench.underTest), timeoutMs);
    afterEach(() => bench.closeReaders());
    if (timeoutMs !== undefined) jest.setTimeout(timeoutMs);
    describe("append", () => testAppend(bench));
    describe("a reader", () => testReader(bench));
    describe("its bounds", () => testBounds(bench));
    describe("a fingerprint", () => testFingerprint(bench));
    describe("the group", () => testGroup(bench));
    describe("quarantine", () => testQuarantine(bench));
  });
}
