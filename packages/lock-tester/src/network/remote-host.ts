/** A machine that joined, as the controller sees it. */

import type { Socket } from "node:net";
import { clearTimeout, setTimeout } from "node:timers";
import type { HostEvents, LockerHost } from "../controller/locker-host.ts";
import { LockTesterError } from "../errors.ts";
import { monotonicNs } from "../locker/clock.ts";
import type { RunSetup, ToLockers } from "../locker/messages.ts";
import type { Signal } from "../scenario/scenario.ts";
import { JsonLines } from "./json-lines.ts";
import type { FromHost, ToHost } from "./protocol.ts";

const PINGS = 16;
const ANSWER_WITHIN_MS = 60_000;

interface Waiting {
  resolve(value: Uint8Array): void;
  reject(error: Error): void;
}

export class RemoteHost implements LockerHost {
  readonly name: string;
  readonly #lines: JsonLines<ToHost, FromHost>;
  readonly #socket: Socket;
  #offsetNs = 0;
  #offsetErrorNs = Number.POSITIVE_INFINITY;
  #events: HostEvents | undefined;
  #groups: readonly (readonly number[])[] = [];
  #isLost = false;
  readonly #waiting = new Map<string, Waiting>();
  readonly #logPieces = new Map<number, Uint8Array[]>();

  /** @param lines  the connection after the greeting; what comes is to be handed to {@link receive} */
  constructor(name: string, socket: Socket, lines: JsonLines<ToHost, FromHost>) {
    this.name = name;
    this.#socket = socket;
    this.#lines = lines;
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#lose());
  }

  get offsetNs(): number {
    return this.#offsetNs;
  }

  get offsetErrorNs(): number {
    return this.#offsetErrorNs;
  }

  /** The offset is right to half the shortest round trip: D. L. Mills, RFC 5905, section 8. */
  async synchronise(): Promise<void> {
    for (let id = 0; id < PINGS; id++) {
      const sentNs = monotonicNs();
      const theirs = await this.#ask(`pong ${id}`, { type: "ping", id });
      const gotNs = monotonicNs();
      const theirNs = new Float64Array(theirs.buffer)[0]!;
      const errorNs = (gotNs - sentNs) / 2;
      if (errorNs >= this.#offsetErrorNs) continue;
      this.#offsetErrorNs = errorNs;
      this.#offsetNs = (sentNs + gotNs) / 2 - theirNs;
    }
  }

  receive(message: FromHost): void {
    switch (message.type) {
      case "hello":
        break;
      case "pong":
        this.#answer(`pong ${message.id}`, new Uint8Array(Float64Array.of(message.nowNs).buffer));
        break;
      case "started":
        this.#answer("started", new Uint8Array());
        break;
      case "failed": {
        const error = new LockTesterError(message.tag, `${this.name}: ${message.message}`);
        for (const [key, { reject }] of this.#waiting) {
          this.#waiting.delete(key);
          reject(error);
        }
        break;
      }
      case "message":
        this.#events?.message(this.#known(message.from.lockers, message.from.processNumber), message.message);
        break;
      case "ended":
        this.#events?.ended(this.#known(message.from.lockers, message.from.processNumber), message.status);
        break;
      case "log": {
        const pieces = this.#logPieces.get(message.locker) ?? [];
        pieces.push(Buffer.from(message.base64, "base64"));
        this.#logPieces.set(message.locker, pieces);
        if (message.isLast) this.#answer(`log ${message.locker}`, Buffer.concat(pieces));
        break;
      }
    }
  }

  /** One object for each process, as the controller compares them. */
  readonly #processes = new Map<number, { readonly processNumber: number; readonly lockers: readonly number[] }>();

  #known(lockers: readonly number[], processNumber: number) {
    const first = lockers[0] ?? -1;
    let known = this.#processes.get(first);
    if (!known) {
      known = { processNumber, lockers };
      this.#processes.set(first, known);
    }
    return known;
  }

  #ask(key: string, message: ToHost): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const timer = setTimeout(
      () => reject(new LockTesterError("lost", `${this.name} does not answer`)),
      ANSWER_WITHIN_MS,
    );
    this.#waiting.set(key, { resolve, reject });
    if (this.#isLost) reject(new LockTesterError("lost", `${this.name}: the connection is lost`));
    else this.#lines.send(message);
    return promise.finally(() => clearTimeout(timer));
  }

  #answer(key: string, value: Uint8Array): void {
    this.#waiting.get(key)?.resolve(value);
    this.#waiting.delete(key);
  }

  #lose(): void {
    this.#isLost = true;
    for (const { reject } of this.#waiting.values())
      reject(new LockTesterError("lost", `${this.name}: the connection is lost`));
    this.#waiting.clear();
    for (const lockers of this.#groups) this.#events?.ended(this.#known(lockers, -1), "the connection is lost");
  }

  async start(
    groups: readonly (readonly number[])[],
    setup: Omit<RunSetup, "logFolder">,
    events: HostEvents,
  ): Promise<void> {
    this.#events = events;
    this.#groups = groups;
    await this.#ask("started", { type: "start", groups, setup });
  }

  send(locker: number | "all", message: ToLockers): void {
    this.#lines.send({ type: "send", locker, message });
  }

  signal(locker: number, signal: Signal): void {
    this.#lines.send({ type: "signal", locker, signal });
  }

  async readLog(locker: number): Promise<Uint8Array> {
    return await this.#ask(`log ${locker}`, { type: "log", locker });
  }

  async close(): Promise<void> {
    this.#lines.send({ type: "close" });
    this.#socket.end();
  }
}
