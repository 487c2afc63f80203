/**
 * UVH5 files by path.
 *
 * ```ts
 * import { openUvh5 } from "@contimg/uvh5/node";
 * using file = openUvh5("2025-10-03T11:48:50_sb00.hdf5");
 * const { channelCount, polarizationCount } = file.header;
 * const vis = new Float32Array(2 * file.rowBlockHint * channelCount * polarizationCount);
 * file.readRows({ bltStart: 0, bltEnd: Math.min(file.rowBlockHint, file.header.bltCount) }, { vis });
 * ```
 */
import type { OpenUvh5Options, Uvh5File, WholeCheck, WholeOptions } from "./uvh5-file.ts";
import type { Uvh5WriteHeader, Uvh5Writer, WriteUvh5Options } from "./write-uvh5.ts";

export * from "./index.ts";

export declare function openUvh5(path: string, options?: OpenUvh5Options): Uvh5File;
export declare function isWhole(path: string, options?: WholeOptions): WholeCheck;
export declare function createUvh5Writer(path: string, header: Uvh5WriteHeader, options?: WriteUvh5Options): Uvh5Writer;
