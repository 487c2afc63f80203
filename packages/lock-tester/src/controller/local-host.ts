/** Lockers as child processes of this one. */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LockTesterError } from "../errors.ts";
import { pause } from "../locker/clock.ts";
import type { FromLockers, RunSetup, ToLockers } from "../locker/messages.ts";
import type { Signal } from "../scenario/scenario.ts";
import type { HostEvents, HostProcess, LockerHost } from "./locker-host.ts";

const isSource = import.meta.filename.endsWith(".ts");
const PROCESS_FILE = fileURLToPath(import.meta.resolve(`../locker/locker-process.${isSource ? "ts" : "js"}`));
/** Lockers that wait in the kernel occupy a thread each; files need some as well. */
const SPARE_THREADS = 4;
const READY_WITHIN_MS = 60_000;
const END_WITHIN_MS = 3_000;
/** Where starting all at once would keep a small machine busy with nothing but starting. */
const STARTING_AT_ONCE = 8;

/**
 * Kills the lockers and removes the files when the controller's end of its input closes before the word `done`: then
 * the controller was killed. Each line of the input is `pid NUMBER` or `file PATH`.
 */
const SITTER = `
pids= ; set --
while read -r what rest; do
  case $what in
    pid) pids="$pids $rest" ;;
    file) set -- "$@" "$rest" ;;
    beside) set -- "$@" "$rest". ;;
    done) exit 0 ;;
  esac
done
[ -n "$pids" ] && kill -KILL $pids 2>/dev/null
for path; do
  case $path in
    *.) rm -rf -- "$path"* ;;
    *) rm -rf -- "$path" ;;
  esac
done
exit 0`;

interface LockerProcess extends HostProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
}

export class LocalHost implements LockerHost {
  readonly name = "this machine";
  readonly offsetNs = 0;
  readonly offsetErrorNs = 0;
  readonly #logFolder = mkdtempSync(join(tmpdir(), "contimg-locktest-"));
  readonly #processes: LockerProcess[] = [];
  readonly #ofLocker = new Map<number, LockerProcess>();
  readonly #sitter: ChildProcess;

  /**
   * @param leftovers  files that must not outlive the test
   * @param lonelyPaths  nor whatever has such a name with more behind a dot
   */
  constructor(leftovers: readonly string[], lonelyPaths: readonly string[]) {
    this.#sitter = spawn("/bin/sh", ["-c", SITTER], { stdio: ["pipe", "ignore", "ignore"], detached: true });
    // Without a shell nobody sits; the lockers themselves still end with their channel.
    this.#sitter.on("error", () => undefined);
    this.#sitter.stdin!.on("error", () => undefined);
    this.#sitter.unref();
    for (const path of [this.#logFolder, ...leftovers]) this.#tellSitter(`file ${path}`);
    for (const path of lonelyPaths) this.#tellSitter(`beside ${path}`);
  }

  #tellSitter(line: string): void {
    this.#sitter.stdin!.write(`${line}\n`);
  }

  async start(
    groups: readonly (readonly number[])[],
    setup: Omit<RunSetup, "logFolder">,
    events: HostEvents,
  ): Promise<void> {
    const left = [...groups];
    const startNext = async (): Promise<void> => {
      for (let group = left.shift(); group; group = left.shift())
        await this.#startOne(group, { ...setup, logFolder: this.#logFolder }, events);
    };
    await Promise.all(Array.from({ length: Math.min(STARTING_AT_ONCE, groups.length) }, startNext));
  }

  async #startOne(lockers: readonly number[], setup: RunSetup, events: HostEvents): Promise<void> {
    const child = spawn(
      process.execPath,
      ["--no-warnings", ...(isSource ? ["--conditions=@contimg/source"] : []), PROCESS_FILE],
      {
        stdio: ["ignore", "ignore", "pipe", "ipc"],
        env: { ...process.env, NODE_OPTIONS: "", UV_THREADPOOL_SIZE: String(lockers.length + SPARE_THREADS) },
      },
    );
    let complaint = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(-2000);
    });
    const { promise: exited, resolve: onExit } = Promise.withResolvers<void>();
    const started: LockerProcess = { child, lockers, processNumber: child.pid ?? -1, exited };
    this.#processes.push(started);
    for (const locker of lockers) this.#ofLocker.set(locker, started);
    if (child.pid !== undefined) this.#tellSitter(`pid ${child.pid}`);

    const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(
      () => reject(new LockTesterError("lost", `a locker process did not start within ${READY_WITHIN_MS / 1000} s`)),
      READY_WITHIN_MS,
    );
    child.on("message", (message) => {
      const said = message as FromLockers;
      if (said.type === "ready") resolve();
      if (said.type === "failed")
        reject(new LockTesterError(said.tag, said.message, said.code === undefined ? {} : { code: said.code }));
      events.message(started, said);
    });
    child.on("error", (error) => {
      onExit();
      reject(new LockTesterError("lost", `a locker process cannot be started: ${error.message}`, { cause: error }));
    });
    child.on("exit", (status, signal) => {
      onExit();
      reject(new LockTesterError("lost", `a locker process ended at its start: ${complaint || (signal ?? status)}`));
      events.ended(started, `${signal ?? `status ${status}`}${complaint ? `: ${complaint}` : ""}`);
    });
    child.send({ type: "setup", lockers, setup } satisfies ToLockers);
    try {
      await ready;
    } finally {
      clearTimeout(timer);
    }
  }

  send(locker: number | "all", message: ToLockers): void {
    const receivers = locker === "all" ? this.#processes : [this.#ofLocker.get(locker)];
    for (const receiver of receivers) {
      // One that was killed is not told anything; the callback takes the error of one that dies in this moment.
      if (receiver?.child.connected) receiver.child.send(message, () => undefined);
    }
  }

  signal(locker: number, signal: Signal): void {
    this.#ofLocker.get(locker)?.child.kill(signal);
  }

  async readLog(locker: number): Promise<Uint8Array> {
    return readFileSync(join(this.#logFolder, `locker-${locker}.log`));
  }

  async close(): Promise<void> {
    const all = Promise.all(this.#processes.map(({ exited }) => exited));
    const timer = setTimeout(() => this.#killAll(), END_WITHIN_MS);
    const given = new AbortController();
    // One that is in a call which the kernel does not come back from cannot even be killed; nobody waits for that.
    await Promise.race([all, pause(2 * END_WITHIN_MS, given.signal)]);
    given.abort();
    clearTimeout(timer);
    for (const { child } of this.#processes) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      if (child.connected) child.disconnect();
      child.unref();
    }
    rmSync(this.#logFolder, { recursive: true, force: true });
    this.#tellSitter("done");
    this.#sitter.stdin!.end();
  }

  /** Also those that are stopped. */
  #killAll(): void {
    for (const { child } of this.#processes) child.kill("SIGKILL");
  }

  /** Ends all at once, when there is nothing to wait for. */
  async kill(): Promise<void> {
    this.#killAll();
    await this.close();
  }
}
