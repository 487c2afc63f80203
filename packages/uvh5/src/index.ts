/**
 * UVH5 without Node: types, errors, and the reader over any source of bytes.
 * To open files by path use `@contimg/uvh5/node`.
 */
export * from "./errors.ts";
export type * from "./uvh5-file.ts";
export type * from "./write-uvh5.ts";
