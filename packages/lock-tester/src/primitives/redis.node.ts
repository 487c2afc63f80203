/**
 * A lock in Redis: a key with a time to live, which its holder prolongs. A holder that is stopped for longer than that
 * loses it without knowing, and then two believe to have it. With fencing each grant carries a number that grows, and
 * what the lock protects must refuse a number smaller than one it has seen.
 */

import { randomUUID } from "node:crypto";
import { realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { LockTesterError } from "../errors.ts";
import type { AcquireOptions, Grant, LockMode, LockPrimitive, LockSession, OpenOptions } from "../primitive.ts";
import { RedisClient } from "./redis-client.node.ts";
import { pollForLock } from "./waiting.ts";

const DEFAULT_POLL_MS = 5;
const TIME_TO_LIVE_MS = 2_000;
const RENEWALS = 3;

/** Takes the key and counts the grant in one step, so that numbers grow in the order of the grants. */
const TAKE = `if redis.call("SET", KEYS[1], ARGV[1], "NX", "PX", ARGV[2]) then return redis.call("INCR", KEYS[2]) end
return 0`;
/** Only the holder's own key: it may have expired and be another's by now. */
const GIVE = `if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end
return 0`;
const PROLONG = `if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("PEXPIRE", KEYS[1], ARGV[2]) end
return 0`;

function redisPrimitive(name: string, summary: string, hasFencing: boolean): LockPrimitive {
  return {
    name,
    summary,
    supports: { shared: false, ranges: false, blocking: false, upgrade: false },
    owner: "file",
    async unavailable(_path, { redisUrl } = {}) {
      if (!redisUrl) return "no Redis server is given";
      try {
        (await RedisClient.connect(redisUrl)).close();
        return undefined;
      } catch (error) {
        return (error as Error).message;
      }
    },
    async open(path, options) {
      if (!options.redisUrl) throw new LockTesterError("unusable", `${name}: no Redis server is given`);
      return new RedisSession(await RedisClient.connect(options.redisUrl), keyOf(path), hasFencing, options);
    },
  };
}

export const redis = redisPrimitive("redis", "a Redis key with a time to live of 2 s that its holder prolongs", false);
export const redisFenced = redisPrimitive("redis-fenced", "the same with a fencing token in each grant", true);

/** One file has one key on all hosts that give it the same path. */
const keyOf = (path: string) => {
  const folder = dirname(resolve(path));
  return `contimg-locktest:${realpathSync(folder)}${resolve(path).slice(folder.length)}`;
};

class RedisSession implements LockSession {
  readonly #client: RedisClient;
  readonly #key: string;
  readonly #hasFencing: boolean;
  readonly #pollMs: number;
  #token: string | undefined;
  #renewal: NodeJS.Timeout | undefined;

  constructor(client: RedisClient, key: string, hasFencing: boolean, { pollMs = DEFAULT_POLL_MS }: OpenOptions) {
    this.#client = client;
    this.#key = key;
    this.#hasFencing = hasFencing;
    this.#pollMs = pollMs;
  }

  acquire(mode: LockMode, options: AcquireOptions): Promise<Grant | null> {
    if (mode !== "exclusive") throw new LockTesterError("usage", "redis: has exclusive locks only");
    return pollForLock(() => this.#try(), options, this.#pollMs);
  }

  async #try(): Promise<Grant | null> {
    if (this.#token) return {};
    const token = randomUUID();
    const count = await this.#client.ask("EVAL", TAKE, 2, this.#key, `${this.#key}:grants`, token, TIME_TO_LIVE_MS);
    if (typeof count !== "number" || count === 0) return null;
    this.#token = token;
    this.#renewal = setInterval(() => {
      // Lost is lost: the next command on this connection says so.
      this.#client.ask("EVAL", PROLONG, 1, this.#key, token, TIME_TO_LIVE_MS).catch(() => clearInterval(this.#renewal));
    }, TIME_TO_LIVE_MS / RENEWALS);
    return this.#hasFencing ? { fencingToken: count } : {};
  }

  async release(): Promise<void> {
    clearInterval(this.#renewal);
    const token = this.#token;
    this.#token = undefined;
    if (token) await this.#client.ask("EVAL", GIVE, 1, this.#key, token);
  }

  async close(): Promise<void> {
    try {
      await this.release();
    } finally {
      this.#client.close();
    }
  }
}
