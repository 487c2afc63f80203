/** The table of all settings in docs/operations/configuration.md. */
import { settingList } from "../../apps/pipeline/src/config/settings.ts";

/** Text in which no character means anything to Markdown. */
const plain = (text: string) => text.replaceAll(/[<>*_|]/g, "\\$&");
const code = (text: string) => `\`${text}\``;

/** Markdown, one table a section. */
export function settingsTable(): string {
  const lines: string[] = [];
  let current = "";
  for (const [key, { flag, kind, placeholder, variables, schema, meaning, expected }] of settingList) {
    const [section, name] = key.split(".") as [string, string];
    if (section !== current) {
      lines.push("", `### ${section}`, "", "| key | flag | variable | default | meaning |", "|---|---|---|---|---|");
      current = section;
    }
    const shownFlag = flag === null ? "" : code(`--${flag}${kind === "switch" ? "" : ` <${placeholder}>`}`);
    const initial = schema.parse(undefined) as string | number | boolean | null;
    const range = kind === "wholeNumber" || kind === "number" || kind === "choice" ? ` (${expected})` : "";
    const cells = [
      code(name),
      shownFlag,
      variables.map(code).join(", "),
      initial === null ? "" : code(String(initial)),
    ];
    lines.push(`| ${[...cells, plain(meaning + range)].join(" | ")} |`);
  }
  return `${lines.join("\n")}\n\n`;
}
