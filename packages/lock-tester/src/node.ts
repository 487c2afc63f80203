/** Tests of locks on files of this system. */

export { type CommandLineOptions, runCommandLine } from "./cli/command-line.ts";
export type { ControllerEvents } from "./controller/controller.ts";
export type { LockerHost } from "./controller/locker-host.ts";
export { type LockTestOptions, runLockTest } from "./controller/run-lock-test.ts";
export { type JoinOptions, joinTest } from "./network/join.ts";
export { type ListenOptions, listenForHosts } from "./network/listen.ts";
export { primitives } from "./primitives/index.ts";
export { loadPrimitive } from "./primitives/load.ts";
export { type MountProbe, type ProbeOptions, probeMount } from "./probes/probe-mount.ts";
export { compareReports } from "./report/compare.ts";
export { reportHtml } from "./report/html.ts";
export { readReport, reportJson } from "./report/json.ts";
export { reportLines } from "./report/text.ts";
export { isCondemned, type TrialOptions, tryPrimitive } from "./trial/condemn.ts";
export { type ShrunkTest, shrinkTest } from "./trial/shrink-run.ts";
