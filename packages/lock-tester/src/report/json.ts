/** Reports as files: JSON with names in snake case, as all that this project gives to programs. */

import { LockTesterError } from "../errors.ts";
import { type LockReport, REPORT_FORMAT } from "./report.ts";

export function reportJson(report: LockReport): string {
  return `${JSON.stringify(snakeCased(report), finiteOnly)}\n`;
}

/** @throws LockTesterError `usage` when the text is no report */
export function readReport(text: string, name: string): LockReport {
  let value: unknown;
  try {
    value = renamed(JSON.parse(text), camelCase);
  } catch (error) {
    throw new LockTesterError("usage", `${name}: expected JSON: ${(error as Error).message}`, { cause: error });
  }
  const { format } = (value ?? {}) as { readonly format?: unknown };
  if (format !== REPORT_FORMAT)
    throw new LockTesterError(
      "usage",
      `${name}: expected a report, "format": "${REPORT_FORMAT}", found ${JSON.stringify(format)}`,
    );
  return value as LockReport;
}

/** The same with names in snake case, at all depths. */
export function snakeCased(value: unknown): unknown {
  return renamed(value, snakeCase);
}

/** Names of kinds, as `foreign-write`, are data and stay. */
function renamed(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [name.includes("-") ? name : rename(name), renamed(entry, rename)]),
  );
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function finiteOnly(_name: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? null : value;
}
