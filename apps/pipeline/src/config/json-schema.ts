/** The shape of the configuration file, for editors. */

import { z } from "zod";
import { environmentNames } from "./read-yaml.ts";
import { configSchema } from "./settings.ts";

/** JSON Schema, draft 2020-12. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const sections = configSchema.partial();
  const file = sections.extend({
    environment: z.enum(environmentNames).default("production").describe("Which of the environments counts."),
    environments: z
      .strictObject({
        development: sections.optional(),
        production: sections.optional(),
        testing: sections.optional(),
      })
      .optional()
      .describe("What differs in each environment."),
  });
  const schema = z.toJSONSchema(file, { io: "input", reused: "ref" });
  return { ...schema, title: "Configuration of contimg" };
}
