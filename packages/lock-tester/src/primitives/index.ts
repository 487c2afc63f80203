/** The ways to lock that can be tested by name. */

import type { LockPrimitive } from "../primitive.ts";
import { flock } from "./flock.node.ts";

export const primitives: ReadonlyMap<string, LockPrimitive> = new Map(
  [flock].map((primitive) => [primitive.name, primitive]),
);
