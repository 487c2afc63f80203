/** Entry of the thread or process that works on one group for the stream. */

import module from "node:module";

// Compiled code is kept between starts, as bin/contimg.js does: a process of its own does not inherit that.
module.enableCompileCache();
const { serveGroups } = await import("./compose/chain.ts");
serveGroups();
