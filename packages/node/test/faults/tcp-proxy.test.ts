import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { TcpProxy } from "./tcp-proxy.ts";

let server: Server;
let proxy: TcpProxy;
const sockets: Socket[] = [];

/** A server that answers each text with the same in capitals. */
beforeEach(async () => {
  server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => socket.write(bytes.toString().toUpperCase()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  proxy = await TcpProxy.start({ host: "127.0.0.1", port });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await proxy.close();
  await new Promise((resolve) => server.close(resolve));
});

function open(): Socket {
  const socket = connect({ host: "127.0.0.1", port: proxy.port });
  socket.on("error", () => undefined);
  sockets.push(socket);
  return socket;
}

async function ask(socket: Socket, text: string): Promise<string> {
  const answer = once(socket, "data");
  socket.write(text);
  return String((await answer)[0]);
}

/** Not `once` of Node's: it would reject with the error that is what this is about. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

describe("TcpProxy", () => {
  it("passes bytes on, late if it is told to", async () => {
    const socket = open();
    expect(await ask(socket, "one")).toBe("ONE");
    proxy.delayMs = 5;
    expect(await ask(socket, "two")).toBe("TWO");
  });

  it("holds everything back while it is silent, and gives it out afterwards", async () => {
    const socket = open();
    await ask(socket, "one");
    proxy.mode = "silent";
    const answer = ask(socket, "two");
    const late = open();
    const lateAnswer = ask(late, "three");
    await once(late, "connect");
    proxy.mode = "pass";
    expect(await answer).toBe("TWO");
    expect(await lateAnswer).toBe("THREE");
  });

  it("resets connections when it cuts, and new ones", async () => {
    const socket = open();
    await ask(socket, "one");
    const gone = closed(socket);
    proxy.mode = "cut";
    await gone;
    await closed(open());
    proxy.mode = "pass";
    expect(await ask(open(), "two")).toBe("TWO");
  });

  it("loses answers to what has arrived, and resets the connections that have lost some", async () => {
    const [socket, other] = [open(), open()];
    await ask(socket, "one");
    await ask(other, "one");
    proxy.mode = "answers-lost";
    const arrived = new Promise<void>((resolve) => {
      const look = (): void => {
        if (proxy.droppedBytes === 3) resolve();
        else setImmediate(look);
      };
      look();
    });
    socket.write("two");
    await arrived;
    const gone = closed(socket);
    proxy.mode = "pass";
    await gone;
    expect(await ask(other, "three")).toBe("THREE");
  });
});
