/** Starts processes with lock sessions and leads them from a test. */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { ByteRange, LockMode } from "../src/primitive.ts";
import type { SessionCall } from "./session-process.ts";

export const primitivesModule = join(import.meta.dirname, "../src/primitives/index.ts");

export interface LedSession {
  /** True: had; false: not had in time; otherwise the error's code. */
  acquire(mode: LockMode, options?: { readonly timeoutMs?: number; readonly range?: ByteRange }): Promise<unknown>;
  /** As `acquire`, but what the grant holds. */
  grant(mode: LockMode, timeoutMs?: number): Promise<unknown>;
  release(range?: ByteRange): Promise<unknown>;
  close(): Promise<unknown>;
}

export class LedProcess {
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, (outcome: unknown) => void>();
  #count = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (message) => {
      if (!Array.isArray(message)) return;
      const [number, outcome] = message as [number, unknown];
      this.#asked.get(number)?.(outcome);
      this.#asked.delete(number);
    });
  }

  static async start(
    name: string,
    path: string,
    options: { modulePath?: string; redisUrl?: string } = {},
  ): Promise<LedProcess> {
    const { modulePath = primitivesModule, redisUrl = "" } = options;
    const child = fork(join(import.meta.dirname, "session-process.ts"), [modulePath, name, path, redisUrl], {
      execArgv: ["--conditions=@contimg/source"],
    });
    await Promise.race([once(child, "message"), once(child, "exit").then(() => Promise.reject(new Error("it ended")))]);
    return new LedProcess(child);
  }

  session(name: string): LedSession {
    const ask = (...call: SessionCall) => this.#ask(name, call);
    return {
      acquire: async (mode, { timeoutMs = 0, range } = {}) => {
        const outcome = await ask("acquire", mode, timeoutMs, range ?? null);
        return typeof outcome === "string" ? outcome : outcome !== null;
      },
      grant: (mode, timeoutMs = 0) => ask("acquire", mode, timeoutMs, null),
      release: (range) => ask("release", range ?? null),
      close: () => ask("close"),
    };
  }

  #ask(session: string, call: SessionCall): Promise<unknown> {
    const number = this.#count++;
    return new Promise((resolve) => {
      this.#asked.set(number, resolve);
      this.#child.send([number, session, call]);
    });
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }
}
