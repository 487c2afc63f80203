/** As much of Redis's protocol (RESP 2) as a lock needs: a command is an array of bulk strings, answers come in order. */

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { LockTesterError } from "../errors.ts";

export type RedisAnswer = string | number | null | readonly RedisAnswer[];

const DEFAULT_PORT = 6379;
const CONNECT_MS = 5_000;
const LINE_END = "\r\n";

interface Asked {
  resolve(answer: RedisAnswer): void;
  reject(error: Error): void;
}

export class RedisClient {
  readonly #socket: Socket;
  readonly #where: string;
  readonly #asked: Asked[] = [];
  #received = Buffer.alloc(0);

  private constructor(socket: Socket, where: string) {
    this.#socket = socket;
    this.#where = where;
    socket.on("data", (bytes) => this.#receive(bytes));
    const lost = (cause?: Error) => this.#fail(cause);
    socket.on("error", lost).on("close", () => lost());
  }

  /**
   * @param url  `redis://[[user]:password@]host[:port][/database]`
   * @throws LockTesterError when there is no such server, or it refuses
   */
  static async connect(url: string): Promise<RedisClient> {
    const { protocol, hostname, port, username, password, pathname } = new URL(url);
    if (protocol !== "redis:") throw new LockTesterError("usage", `${protocol}//: expected redis://host:port/database`);
    const where = `redis://${hostname}:${port || DEFAULT_PORT}`;
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port) || DEFAULT_PORT,
      noDelay: true,
    });
    try {
      await once(socket, "connect", { signal: AbortSignal.timeout(CONNECT_MS) });
    } catch (error) {
      socket.destroy();
      throw new LockTesterError("unusable", `${where}: no server answers`, { cause: error });
    }
    const client = new RedisClient(socket, where);
    if (password)
      await client.ask("AUTH", ...(username ? [decodeURIComponent(username)] : []), decodeURIComponent(password));
    const database = pathname.slice(1);
    if (database) await client.ask("SELECT", database);
    return client;
  }

  /** @throws LockTesterError with the server's words, or when the connection is lost */
  ask(...words: readonly (string | number)[]): Promise<RedisAnswer> {
    const parts = words.map((word) => `$${Buffer.byteLength(String(word))}${LINE_END}${word}${LINE_END}`);
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed)
        return reject(new LockTesterError("lost", `${this.#where}: the connection is closed`));
      this.#asked.push({ resolve, reject });
      this.#socket.write(`*${words.length}${LINE_END}${parts.join("")}`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    for (;;) {
      const parsed = parseAnswer(this.#received, 0);
      if (!parsed) return;
      this.#received = this.#received.subarray(parsed.endByte);
      const asked = this.#asked.shift();
      if (parsed.answer instanceof Error)
        asked?.reject(new LockTesterError("system", `${this.#where}: ${parsed.answer.message}`));
      else asked?.resolve(parsed.answer);
    }
  }

  #fail(cause?: Error): void {
    for (const { reject } of this.#asked.splice(0))
      reject(new LockTesterError("lost", `${this.#where}: the connection was lost`, { cause }));
  }
}

/** @returns undefined: the answer has not all come yet */
export function parseAnswer(
  bytes: Buffer,
  startByte: number,
): { readonly answer: RedisAnswer | Error; readonly endByte: number } | undefined {
  const lineEnd = bytes.indexOf(LINE_END, startByte);
  if (lineEnd < 0) return undefined;
  const line = bytes.toString("utf8", startByte + 1, lineEnd);
  const next = lineEnd + LINE_END.length;
  switch (bytes.toString("latin1", startByte, startByte + 1)) {
    case "+":
      return { answer: line, endByte: next };
    case "-":
      return { answer: new Error(line), endByte: next };
    case ":":
      return { answer: Number(line), endByte: next };
    case "$": {
      const length = Number(line);
      if (length < 0) return { answer: null, endByte: next };
      const endByte = next + length + LINE_END.length;
      return bytes.length < endByte ? undefined : { answer: bytes.toString("utf8", next, next + length), endByte };
    }
    case "*": {
      const answers: RedisAnswer[] = [];
      let endByte = next;
      for (let i = 0; i < Number(line); i++) {
        const part = parseAnswer(bytes, endByte);
        if (!part) return undefined;
        endByte = part.endByte;
        answers.push(part.answer instanceof Error ? part.answer.message : part.answer);
      }
      return { answer: Number(line) < 0 ? null : answers, endByte };
    }
    default:
      throw new LockTesterError("lost", `an answer that is not Redis's begins with '${line.slice(0, 20)}'`);
  }
}
