/** A lock whose call never comes back, as that of a file system whose server is gone. */

import type { LockPrimitive } from "@contimg/lock-tester";
import { loadPrimitive } from "@contimg/lock-tester/node";

const flock = await loadPrimitive("flock");

export const neverReturns: LockPrimitive = {
  ...flock,
  name: "never-returns",
  async open(path, options) {
    const session = await flock.open(path, options);
    return {
      async acquire() {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
        return {};
      },
      release: (range) => session.release(range),
      close: () => session.close(),
    };
  },
};
