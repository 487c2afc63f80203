/** Text of SVG and HTML elements. What is put between or into tags is escaped, except what was made here. */

/** Markup that is right as it stands. */
export interface Markup {
  readonly markup: string;
}

export type Attributes = Readonly<Record<string, string | number | undefined>>;

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

export const escapeText = (text: string) => text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);

/** A hundredth of a pixel is not seen. */
const attributeText = (value: string | number) =>
  typeof value === "number" ? String(Math.round(value * 100) / 100) : escapeText(value);

const inner = (child: Markup | string) => (typeof child === "string" ? escapeText(child) : child.markup);

/** An element with its children; `undefined` attributes are left out. */
export function element(name: string, attributes: Attributes = {}, ...children: readonly (Markup | string)[]): Markup {
  const text = Object.entries(attributes)
    .flatMap(([key, value]) => (value === undefined ? [] : [` ${key}="${attributeText(value)}"`]))
    .join("");
  if (children.length === 0) return { markup: `<${name}${text}/>` };
  return { markup: `<${name}${text}>${children.map(inner).join("")}</${name}>` };
}

/** Elements one after the other. */
export const sequence = (children: readonly Markup[]): Markup => ({
  markup: children.map(({ markup }) => markup).join(""),
});

/** A picture of its own: as a file, or within a page. */
export function svgPicture(
  size: { readonly width: number; readonly height: number },
  title: string,
  ...children: readonly Markup[]
): Markup {
  const { width, height } = size;
  return element(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}`, role: "img" },
    element("title", {}, title),
    element("style", {}, STYLE),
    ...children,
  );
}

const STYLE: Markup = {
  markup: [
    "text{font:11px system-ui,sans-serif;fill:#333}",
    ".title{font-size:13px;font-weight:600}",
    ".frame{fill:none;stroke:#888;stroke-width:1}",
    ".grid{stroke:#e4e4e4;stroke-width:1}",
    "@media (prefers-color-scheme:dark){text{fill:#ccc}.grid{stroke:#333}}",
  ].join(""),
};
