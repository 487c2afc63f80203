/** The other machine's end: starts lockers for a controller elsewhere. */

import { once } from "node:events";
import { connect } from "node:net";
import { hostname } from "node:os";
import { LocalHost } from "../controller/local-host.ts";
import { isLockTesterError, LockTesterError } from "../errors.ts";
import { monotonicNs } from "../locker/clock.ts";
import { JsonLines } from "./json-lines.ts";
import { type FromHost, PROTOCOL, type ToHost } from "./protocol.ts";

/** Base64 makes a third more of it. */
const PIECE_BYTES = 3 * 1024 * 1024;
const CONNECT_WITHIN_MS = 10_000;

export interface JoinOptions {
  readonly address: string;
  readonly port: number;
  readonly token: string;
  readonly signal?: AbortSignal;
  say?(text: string): void;
}

/**
 * Takes part until the controller closes the connection. Only primitives with names are run, no modules of the caller's.
 *
 * @throws LockTesterError when the controller cannot be reached or refuses
 */
export async function joinTest({ address, port, token, signal, say }: JoinOptions): Promise<void> {
  const socket = connect({ host: address, port, timeout: CONNECT_WITHIN_MS });
  try {
    await once(socket, "connect", signal ? { signal } : {});
  } catch (error) {
    socket.destroy();
    const { code, message } = error as NodeJS.ErrnoException;
    throw new LockTesterError("lost", `${address}:${port} cannot be reached: ${code ?? message}`, { cause: error });
  }
  socket.setTimeout(0);
  signal?.addEventListener("abort", () => socket.destroy(), { once: true });
  const host = new LocalHost([], []);
  let hasStarted = false;
  try {
    const lines: JsonLines<FromHost, ToHost> = new JsonLines(socket, (message) => {
      obey(message).catch((error: unknown) => {
        const tag = isLockTesterError(error) ? error.tag : "lost";
        lines.send({ type: "failed", tag, message: (error as Error).message });
      });
    });
    const obey = async (message: ToHost): Promise<void> => {
      switch (message.type) {
        case "ping":
          lines.send({ type: "pong", id: message.id, nowNs: monotonicNs() });
          break;
        case "start":
          if (message.setup.primitive.startsWith("module:"))
            throw new LockTesterError("usage", "modules are not run for other machines");
          hasStarted = true;
          say?.(`${message.groups.flat().length} lockers for ${address}`);
          await host.start(message.groups, message.setup, {
            message: (from, said) => lines.send({ type: "message", from: bare(from), message: said }),
            ended: (from, status) => lines.send({ type: "ended", from: bare(from), status }),
          });
          lines.send({ type: "started" });
          break;
        case "send":
          host.send(message.locker, message.message);
          break;
        case "signal":
          host.signal(message.locker, message.signal);
          break;
        case "log":
          sendLog(lines, message.locker, await host.readLog(message.locker));
          break;
        case "close":
          socket.end();
          break;
      }
    };
    lines.send({ type: "hello", protocol: PROTOCOL, token, name: hostname() });
    await new Promise<void>((resolve) => {
      socket.once("close", resolve);
      socket.once("error", () => socket.destroy());
    });
    if (!hasStarted && !signal?.aborted)
      throw new LockTesterError("lost", `${address}:${port} closed the connection: is the token right?`);
  } finally {
    socket.destroy();
    await host.kill();
  }
}

function bare({ processNumber, lockers }: { readonly processNumber: number; readonly lockers: readonly number[] }) {
  return { processNumber, lockers };
}

function sendLog(lines: JsonLines<FromHost, ToHost>, locker: number, bytes: Uint8Array): void {
  for (let start = 0; ; start += PIECE_BYTES) {
    const isLast = start + PIECE_BYTES >= bytes.length;
    const base64 = Buffer.from(bytes.subarray(start, start + PIECE_BYTES)).toString("base64");
    lines.send({ type: "log", locker, base64, isLast });
    if (isLast) return;
  }
}
