/** JSON objects over a connection, one a line. */

import type { Socket } from "node:net";

/** A line may hold a piece of a log. */
const MOST_LINE_CHARACTERS = 16 * 1024 * 1024;

export class JsonLines<Sent, Received> {
  readonly #socket: Socket;
  #rest = "";

  /** @param onLine  throws to end the connection */
  constructor(socket: Socket, onLine: (value: Received) => void) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      this.#rest += text;
      const lines = this.#rest.split("\n");
      this.#rest = lines.pop() ?? "";
      try {
        if (this.#rest.length > MOST_LINE_CHARACTERS) throw new Error("a line is too long");
        for (const line of lines) onLine(JSON.parse(line) as Received);
      } catch (error) {
        socket.destroy(error as Error);
      }
    });
  }

  send(value: Sent): void {
    if (this.#socket.writable) this.#socket.write(`${JSON.stringify(value)}\n`);
  }
}
