/** The ways to lock that can be tested by name. */

import type { LockPrimitive } from "../primitive.ts";
import { casacore } from "./casacore.node.ts";
import { exclusiveFile, linkLock, mkdirLock, renameLock } from "./file-existence.node.ts";
import { fcntl, flock, ofd } from "./kernel-lock.node.ts";
import { msLock } from "./ms-lock.node.ts";
import { redis, redisFenced } from "./redis.node.ts";
import { sqliteExclusive, sqliteImmediate } from "./sqlite.node.ts";

export const primitives: ReadonlyMap<string, LockPrimitive> = new Map(
  [
    flock,
    fcntl,
    ofd,
    exclusiveFile,
    mkdirLock,
    linkLock,
    renameLock,
    casacore,
    sqliteExclusive,
    sqliteImmediate,
    redis,
    redisFenced,
    msLock,
  ].map((primitive) => [primitive.name, primitive]),
);
