import { expect, test } from "vitest";
import { PipelineError } from "./error-codes.ts";
import { asWriteError, clearedUp } from "./write-error.ts";

const failing = (message: string, fields: object) => Object.assign(new Error(message), fields);

test.each([
  ["ENOSPC", "DISK_FULL"],
  ["EDQUOT", "DISK_FULL"],
  ["EIO", "DISK_ERROR"],
  ["EROFS", "OUTPUT_NOT_WRITABLE"],
  ["EEXIST", "OUTPUT_EXISTS"],
  ["EWHATEVER", "INTERNAL"],
])("%s met while writing is %s, however deep a library wrapped it", (errno, code) => {
  const wrapped = new Error("could not write", { cause: failing("why", { code: errno }) });
  expect(asWriteError(wrapped, "/out/a.ms")).toMatchObject({ code, subject: "/out/a.ms", cause: wrapped });
});

test("a failure outlives one of clearing up after it", () => {
  const failure = new PipelineError("DISK_FULL", "/out: no room", { subject: "g" });
  expect(clearedUp(failure, () => undefined)).toBe(failure);
  const both = clearedUp(failure, () => {
    throw new Error("EROFS: read-only");
  });
  expect(both).toMatchObject({
    code: "DISK_FULL",
    message: "/out: no room; what is half made could not be removed: EROFS: read-only",
  });
  expect((both.cause as AggregateError).errors).toHaveLength(2);
});
