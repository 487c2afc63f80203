import { expect, test } from "vitest";
import { suggestName } from "./suggest-name.ts";

const known = ["poll_interval_sec", "max_retries", "log"];

test.each([
  ["poll_intervall_sec", "poll_interval_sec"],
  ["max-retries", "max_retries"],
  ["MAX_RETRY", "max_retries"],
  ["lgo", undefined],
  ["lo", "log"],
  ["unrelated", undefined],
  ["x".repeat(100_000), undefined],
])("%s", (name, expected) => expect(suggestName(name, known)).toBe(expected));
