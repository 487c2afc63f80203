/** A lock that takes "busy" for "mine", for tests of what the tester does with one that fails. */

import type { LockPrimitive } from "@contimg/lock-tester";
import { loadPrimitive } from "@contimg/lock-tester/node";

const flock = await loadPrimitive("flock");

export const ignoresBusy: LockPrimitive = {
  ...flock,
  name: "ignores-busy",
  async open(path, options) {
    const session = await flock.open(path, options);
    return {
      acquire: async (mode, wanted) => (await session.acquire(mode, { ...wanted, timeoutMs: 0 })) ?? {},
      release: (range) => session.release(range),
      close: () => session.close(),
    };
  },
};
