/** The text file table.info. */
import type { TableInfo } from "./model.ts";

/** The bytes casacore writes: type and subtype, an empty line, and the readme text. */
export function serializeTableInfo(info: TableInfo): Uint8Array {
  const readme = info.readme === "" || info.readme.endsWith("\n") ? info.readme : `${info.readme}\n`;
  return new TextEncoder().encode(`Type = ${info.type}\nSubType = ${info.subType}\n\n${readme}`);
}

/**
 * Parses a table.info. Files of any other form give empty types and the whole text as readme.
 *
 * @param text the file, or undefined when there is none
 */
export function parseTableInfo(text: string | undefined): TableInfo {
  const match = /^Type = (.*)\nSubType = (.*)\n(?:\n([\s\S]*))?$/.exec(text ?? "");
  if (match === null) return { type: "", subType: "", readme: text ?? "" };
  return { type: match[1] as string, subType: match[2] as string, readme: match[3] ?? "" };
}
