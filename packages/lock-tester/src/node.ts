/** Tests of locks on files of this system. */

export { primitives } from "./primitives/index.ts";
