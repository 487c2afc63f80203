/** Name and version of this software, as it signs what it writes. */
import manifest from "../package.json" with { type: "json" };

export const software = `contimg ${manifest.version}`;
