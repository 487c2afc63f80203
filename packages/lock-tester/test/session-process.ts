/**
 * A process with sessions of one primitive, which a test leads step by step.
 *
 *   session-process.ts MODULE NAME PATH REDIS_URL
 *
 * The primitive is `NAME` in the map `primitives` of the module. It answers each message `[number, session, call,
 * ...arguments]` with `[number, outcome]`.
 */

import { pathToFileURL } from "node:url";
import type { ByteRange, LockMode, LockPrimitive, LockSession } from "../src/primitive.ts";

export type SessionCall =
  | readonly ["acquire", LockMode, timeoutMs: number, ByteRange | null]
  | readonly ["release", ByteRange | null]
  | readonly ["close"];

const [modulePath = "", name = "", path = "", redisUrl = ""] = process.argv.slice(2);
const { primitives } = (await import(pathToFileURL(modulePath).href)) as {
  primitives: ReadonlyMap<string, LockPrimitive>;
};
const primitive = primitives.get(name);
if (!primitive) throw new Error(`${modulePath} has no primitive called ${name}`);
const sessions = new Map<string, LockSession>();

async function sessionOf(session: string): Promise<LockSession> {
  const known = sessions.get(session);
  if (known) return known;
  const opened = await primitive!.open(path, {
    pollMs: name === "casacore" ? 20 : undefined,
    ...(redisUrl ? { redisUrl } : {}),
  } as object);
  sessions.set(session, opened);
  return opened;
}

async function run(session: string, call: SessionCall): Promise<unknown> {
  const own = await sessionOf(session);
  switch (call[0]) {
    case "acquire":
      return await own.acquire(call[1], { timeoutMs: call[2], ...(call[3] ? { range: call[3] } : {}) });
    case "release":
      await own.release(call[1] ? { range: call[1] } : {});
      return "released";
    case "close":
      await own.close();
      sessions.delete(session);
      return "closed";
  }
}

process.on("message", (message: [number, string, SessionCall]) => {
  const [number, session, call] = message;
  run(session, call).then(
    (outcome) => process.send!([number, outcome]),
    (error: Error & { code?: string }) => process.send!([number, `error ${error.code ?? error.message}`]),
  );
});
process.on("disconnect", () => process.exit());
process.send!("ready");
