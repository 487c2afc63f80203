/** How a probe is written: a question, and what two processes do to answer it. */

import type { Finding, ProbeName } from "./finding.ts";
import type { ProbeCall } from "./probe-call.ts";
import { ProbeProcess } from "./probe-process.ts";

export interface Probe extends Omit<Finding, "answer" | "code"> {
  readonly probe: ProbeName;
  /** @throws ProbeFault when the system refuses */
  ask(team: ProbeTeam): Promise<boolean>;
}

/** A call was refused, or not answered. */
export class ProbeFault extends Error {
  readonly code: string;

  constructor(call: ProbeCall, code: string) {
    super(`${call.do}: ${code}`);
    this.name = "ProbeFault";
    this.code = code;
  }
}

/** One process of the team; what it says is yes, no, or text. */
export class Member {
  readonly #process: ProbeProcess;

  private constructor(process: ProbeProcess) {
    this.#process = process;
  }

  static async start(folder: string): Promise<Member> {
    return new Member(await ProbeProcess.start(folder));
  }

  async text(call: ProbeCall): Promise<boolean | string> {
    const answer = await this.#process.ask(call);
    if (typeof answer === "object") throw new ProbeFault(call, answer.error);
    return answer;
  }

  async does(call: ProbeCall): Promise<boolean> {
    return (await this.text(call)) !== false;
  }

  kill(): Promise<void> {
    return this.#process.kill();
  }

  gone(): Promise<void> {
    return this.#process.gone();
  }
}

/** Two processes, each with its folder: the same one, or the same by another mount. */
export class ProbeTeam {
  readonly folders: readonly [string, string];
  a!: Member;
  b!: Member;
  readonly #extra: Member[] = [];
  #fileCount = 0;

  constructor(folders: readonly [string, string]) {
    this.folders = folders;
  }

  async start(): Promise<void> {
    [this.a, this.b] = await Promise.all([Member.start(this.folders[0]), Member.start(this.folders[1])]);
  }

  /** A process more, in the folder of the first; it ends with the team. */
  async third(): Promise<Member> {
    const member = await Member.start(this.folders[0]);
    this.#extra.push(member);
    return member;
  }

  /** A name that no probe has used. */
  newName(): string {
    return `file-${this.#fileCount++}`;
  }

  async end(): Promise<void> {
    await Promise.all([this.a, this.b, ...this.#extra.splice(0)].map((member) => member?.kill()));
  }
}
