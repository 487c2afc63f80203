/** A lock that keeps others out and whose release fails. */

import { createNew } from "./broken/files.ts";
import { plant } from "./broken/plant.ts";

export const unreleasable = plant("unreleasable", "its release fails", (path) => ({
  tryOnce: () => createNew(`${path}.lck`),
  undo() {
    throw new Error("cannot be released");
  },
}));
