/** The controller's end: waits for machines to join. */

import { randomBytes, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { LockTesterError } from "../errors.ts";
import { pause } from "../locker/clock.ts";
import { JsonLines } from "./json-lines.ts";
import { type FromHost, PROTOCOL, type ToHost } from "./protocol.ts";
import { RemoteHost } from "./remote-host.ts";

const GREET_WITHIN_MS = 10_000;

export interface ListenOptions {
  /** `127.0.0.1` unless other machines are to reach it. */
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  readonly hostCount: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Called when machines can join, with what they must be given. */
  onListening(address: string, port: number, token: string): void;
}

/**
 * Whoever joins must know the token, which is made for this test.
 *
 * @throws LockTesterError when not enough joined in time, or the port cannot be had
 */
export async function listenForHosts(options: ListenOptions): Promise<readonly RemoteHost[]> {
  const token = randomBytes(8).toString("hex");
  const hosts: RemoteHost[] = [];
  const done = new AbortController();
  const { promise: enough, resolve } = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    if (hosts.length >= options.hostCount) return void socket.destroy();
    greet(socket, token)
      .then((host) => {
        if (host) hosts.push(host);
        if (hosts.length >= options.hostCount) resolve();
      })
      .catch(() => socket.destroy());
  });
  try {
    await listen(server, options);
    const { port } = server.address() as { readonly port: number };
    options.onListening(options.address, port, token);
    const signals = options.signal ? [done.signal, options.signal] : [done.signal];
    await Promise.race([enough, pause(options.timeoutMs, AbortSignal.any(signals))]);
  } finally {
    done.abort();
    // Those that are connected stay so.
    server.close();
  }
  if (hosts.length < options.hostCount) {
    for (const host of hosts) await host.close();
    throw new LockTesterError("lost", `${hosts.length} of ${options.hostCount} machines joined in time`);
  }
  return hosts;
}

async function listen(server: Server, { address, port }: ListenOptions): Promise<void> {
  server.listen(port, address);
  try {
    await once(server, "listening");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new LockTesterError("usage", `cannot listen on ${address}:${port}: ${code}`, { cause: error });
  }
}

async function greet(socket: Socket, token: string): Promise<RemoteHost | undefined> {
  socket.on("error", () => socket.destroy());
  const greeted: { host?: RemoteHost } = {};
  const { promise: hello, resolve } = Promise.withResolvers<FromHost | undefined>();
  const lines = new JsonLines<ToHost, FromHost>(socket, (message) => {
    if (greeted.host) greeted.host.receive(message);
    else resolve(message);
  });
  socket.once("close", () => resolve(undefined));
  const timer = setTimeout(() => resolve(undefined), GREET_WITHIN_MS);
  const said = await hello;
  clearTimeout(timer);
  if (said?.type !== "hello" || said.protocol !== PROTOCOL || !isEqual(said.token, token)) {
    socket.destroy();
    return undefined;
  }
  const host = new RemoteHost(`${said.name} (${socket.remoteAddress})`, socket, lines);
  greeted.host = host;
  await host.synchronise();
  return host;
}

function isEqual(a: string, b: string): boolean {
  const [one, two] = [Buffer.from(String(a)), Buffer.from(b)];
  return one.length === two.length && timingSafeEqual(one, two);
}
