/** Tables for people: columns as wide as their widest cell. */

export interface Cell {
  readonly text: string;
  /** SGR parameter for a terminal, 31 is red; the width of the cell does not count it. */
  readonly colorCode?: number;
}

/** Only where somebody sees it and has not asked to be spared (no-color.org). */
export function usesColor(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  return stream.isTTY === true && !env["NO_COLOR"];
}

/** Columns are parted by ` | `, the header by a line; lines end where their text ends. */
export function tableLines(
  header: readonly string[],
  rows: readonly (readonly Cell[])[],
  withColor: boolean,
): readonly string[] {
  const widths = header.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]!.text.length)));
  const line = (cells: readonly Cell[]) =>
    cells
      .map(({ text, colorCode }, at) => {
        const padding = " ".repeat(widths[at]! - text.length);
        return withColor && colorCode !== undefined ? `\u001b[${colorCode}m${text}\u001b[0m${padding}` : text + padding;
      })
      .join(" | ")
      .trimEnd();
  return [
    line(header.map((text) => ({ text }))),
    widths.map((width) => "=".repeat(width)).join("=+="),
    ...rows.map(line),
  ];
}
