/** Errors of the system that Node has no name for, from the system itself: strace makes it return them. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { describeWith, hasCommand, repoRoot, runCommand } from "../../../../tools/oracles.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "contimg-unnamed-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const moduleUrl = (path: string) => JSON.stringify(pathToFileURL(join(repoRoot, "apps/pipeline/src", path)).href);

/** Cuts a file, which fails, and says what becomes of the error at both places where errors get codes. */
const PROGRAM = `
import { closeSync, ftruncateSync, openSync, writeFileSync } from "node:fs";
import { asPipelineError } from ${moduleUrl("domain/error-codes.ts")};
import { asWriteError } from ${moduleUrl("domain/write-error.ts")};
const [path] = process.argv.slice(2);
const fd = openSync(path, "w");
try {
  ftruncateSync(fd, 5);
} catch (error) {
  closeSync(fd);
  const coded = [asPipelineError(error, "group"), asWriteError(new Error("wrapped", { cause: error }), "/ms")];
  writeFileSync(path, JSON.stringify(coded.map(({ code, message }) => ({ code, message }))));
}
`;

function codedErrorsOf(errno: string): unknown {
  const program = join(folder, "program.ts");
  const answer = join(folder, "answer");
  writeFileSync(program, PROGRAM);
  const node = [process.execPath, "--conditions=@contimg/source", program, answer];
  runCommand("strace", ["-f", "-qq", "-o", "/dev/null", "-e", `inject=ftruncate:error=${errno}`, ...node]);
  return JSON.parse(readFileSync(answer, "utf8"));
}

describeWith(hasCommand("strace"), "an error of the system without a name in Node", () => {
  test.each([
    { errno: "EDQUOT", code: "DISK_FULL" },
    { errno: "ESTALE", code: "DISK_ERROR" },
  ])("$errno has a code of ours and its name", ({ errno, code }) => {
    const coded = { code, message: expect.stringContaining(errno) as string };
    expect(codedErrorsOf(errno)).toEqual([coded, coded]);
  });
});
