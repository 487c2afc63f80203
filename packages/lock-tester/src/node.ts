/** Tests of locks on files of this system. */

export type { ControllerEvents } from "./controller/controller.ts";
export type { LockerHost } from "./controller/locker-host.ts";
export { type LockTestOptions, runLockTest } from "./controller/run-lock-test.ts";
export { type JoinOptions, joinTest } from "./network/join.ts";
export { type ListenOptions, listenForHosts } from "./network/listen.ts";
export { primitives } from "./primitives/index.ts";
export { loadPrimitive } from "./primitives/load.ts";
export { type MountProbe, type ProbeOptions, probeMount } from "./probes/probe-mount.ts";
export { isCondemned, type TrialOptions, tryPrimitive } from "./trial/condemn.ts";
