/** What the controller and a machine that joined say to each other, as JSON lines over TCP. */

import type { HostProcess } from "../controller/locker-host.ts";
import type { LockTesterTag } from "../errors.ts";
import type { FromLockers, RunSetup, ToLockers } from "../locker/messages.ts";
import type { Signal } from "../scenario/scenario.ts";

export const PROTOCOL = "contimg-locktest-join/1";

export type ToHost =
  | { readonly type: "ping"; readonly id: number }
  | {
      readonly type: "start";
      readonly groups: readonly (readonly number[])[];
      readonly setup: Omit<RunSetup, "logFolder">;
    }
  | { readonly type: "send"; readonly locker: number | "all"; readonly message: ToLockers }
  | { readonly type: "signal"; readonly locker: number; readonly signal: Signal }
  | { readonly type: "log"; readonly locker: number }
  | { readonly type: "close" };

export type FromHost =
  | { readonly type: "hello"; readonly protocol: string; readonly token: string; readonly name: string }
  | { readonly type: "pong"; readonly id: number; readonly nowNs: number }
  | { readonly type: "started" }
  | { readonly type: "failed"; readonly tag: LockTesterTag; readonly message: string }
  | { readonly type: "message"; readonly from: HostProcess; readonly message: FromLockers }
  | { readonly type: "ended"; readonly from: HostProcess; readonly status: string }
  /** A piece of a log; the last has `isLast`. */
  | { readonly type: "log"; readonly locker: number; readonly base64: string; readonly isLast: boolean };
