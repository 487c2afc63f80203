/** A process of a probe, as the one that leads it sees it. No call waits for ever, whatever the mount does. */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LockTesterError } from "../errors.ts";
import type { ProbeAnswer, ProbeCall } from "./probe-call.ts";

/** TypeScript when run from source, JavaScript when built. */
const isSource = import.meta.filename.endsWith(".ts");
const WORKER_FILE = join(import.meta.dirname, `probe-worker.${isSource ? "ts" : "js"}`);
const ANSWER_MS = 5_000;
const START_MS = 30_000;

export class ProbeProcess {
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, (answer: ProbeAnswer) => void>();
  readonly #ended: Promise<unknown>;
  #count = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, "exit");
    child.on("message", (message) => {
      if (!Array.isArray(message)) return;
      const [number, answer] = message as [number, ProbeAnswer];
      this.#settle(number, answer);
    });
    child.on("disconnect", () => {
      for (const number of this.#asked.keys()) this.#settle(number, { error: "no answer" });
    });
  }

  /** @param folder  where its files are */
  static async start(folder: string): Promise<ProbeProcess> {
    const child = fork(WORKER_FILE, [folder], {
      execArgv: ["--no-warnings", ...(isSource ? ["--conditions=@contimg/source"] : [])],
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    const outcome = await Promise.race([
      once(child, "message").then(() => "ready" as const),
      once(child, "exit").then(() => "ended" as const),
      new Promise<"late">((resolve) => setTimeout(resolve, START_MS, "late").unref()),
    ]);
    if (outcome === "ready") return new ProbeProcess(child);
    child.kill("SIGKILL");
    throw new LockTesterError(
      "lost",
      `a process for probing ${folder} ${outcome === "late" ? "does not start" : "ended at once"}`,
    );
  }

  ask(call: ProbeCall): Promise<ProbeAnswer> {
    const number = this.#count++;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#settle(number, { error: "no answer" }), ANSWER_MS);
      this.#asked.set(number, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      if (this.#child.connected) this.#child.send([number, call]);
      else this.#settle(number, { error: "no answer" });
    });
  }

  #settle(number: number, answer: ProbeAnswer): void {
    this.#asked.get(number)?.(answer);
    this.#asked.delete(number);
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    const late = new AbortController();
    await Promise.race([this.#ended, sleep(ANSWER_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
    late.abort();
    // One that is caught in the mount ends when the mount lets it; nobody waits for it.
    this.#child.unref();
    if (this.#child.connected) this.#child.disconnect();
  }

  /** Resolves when it has become another program, or ended. */
  async gone(): Promise<void> {
    if (this.#child.connected) await once(this.#child, "disconnect");
  }
}
