import { performance } from "node:perf_hooks";
import type { Clock } from "../../ports/clock.ts";

export const systemClock: Clock = {
  nowUnixSec: () => Date.now() / 1000,
  monotonicMs: () => performance.now(),
};
