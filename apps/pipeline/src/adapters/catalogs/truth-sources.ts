/** The sources that a simulation was made of, as a catalogue: `truth.json`, or a list as `--sky` takes it. */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { type CatalogInput, type CatalogSource, normalizedRaDeg, pointSource } from "../../domain/catalog-source.ts";
import { PipelineError } from "../../domain/error-codes.ts";

const sourceList = z
  .array(
    z.object({
      name: z.string().min(1),
      ra_deg: z.number(),
      dec_deg: z.number().min(-90).max(90),
      flux_1400_jy: z.number().positive(),
      alpha: z.number().default(0),
    }),
  )
  .min(1);

/** @throws PipelineError CATALOG_UNREADABLE, INPUT_UNREADABLE */
export async function readTruthSources(
  path: string,
  onEnd: (input: CatalogInput) => void,
): Promise<readonly CatalogSource[]> {
  const unreadable = (what: string, cause?: unknown) =>
    new PipelineError("CATALOG_UNREADABLE", `${path}: ${what}`, { subject: path, ...(cause ? { cause } : {}) });
  const bytes = await readFile(path).catch((error: Error) => {
    throw new PipelineError("INPUT_UNREADABLE", `${path}: ${error.message}`, { subject: path, cause: error });
  });
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw unreadable(`expected the JSON of a truth file, found ${(error as Error).message}`, error);
  }
  const parsed = sourceList.safeParse(
    typeof value === "object" && value !== null && "sources" in value ? value.sources : value,
  );
  if (!parsed.success) {
    const { path: field, message } = parsed.error.issues[0]!;
    throw unreadable(`sources${field.map((step) => `[${String(step)}]`).join("")}: ${message}`);
  }
  onEnd({ path, sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") });
  return parsed.data.map(({ name, ra_deg, dec_deg, flux_1400_jy, alpha }) => ({
    ...pointSource(name, normalizedRaDeg(ra_deg), dec_deg, flux_1400_jy),
    spectralIndex: alpha,
  }));
}
