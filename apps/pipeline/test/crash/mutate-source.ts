/**
 * Loaded before everything else, in every thread: changes one text of one source file, as a mistake of its author would
 * have. Which one stands in CONTIMG_TEST_MUTANT.
 */
import { registerHooks } from "node:module";

const mutant = JSON.parse(process.env["CONTIMG_TEST_MUTANT"] ?? "null") as {
  readonly file: string;
  readonly text: string;
  readonly replacement: string;
} | null;

if (mutant) {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(mutant.file)) return loaded;
      const source = typeof loaded.source === "string" ? loaded.source : new TextDecoder().decode(loaded.source);
      return { ...loaded, source: source.replace(mutant.text, () => mutant.replacement) };
    },
  });
}
