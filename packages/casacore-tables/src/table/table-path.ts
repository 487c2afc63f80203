/** Paths of tables inside tables: what is stored in keywords, reference and concatenated tables. */

/** The last part of a path. */
export function baseNameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** All but the last part of a path; "." when there is but one. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  if (slash < 0) return ".";
  return slash === 0 ? "/" : path.slice(0, slash);
}

export function joinPath(directory: string, name: string): string {
  return directory.endsWith("/") ? `${directory}${name}` : `${directory}/${name}`;
}

/** Takes slashes off the end, so that the last part is the table's name. */
export function trimPath(path: string): string {
  return path.length > 1 ? path.replace(/(?<=.)\/+$/, "") : path;
}

/**
 * The path a stored table name stands for.
 *
 * @param stored    `././X`: inside the owner; `./X`: beside it; `X/.`: the table that the owner is in, as X;
 *                  any other: an absolute path (or one from the working directory, as casacore takes it)
 * @param ownerPath the table it is stored in
 */
export function resolveTablePath(stored: string, ownerPath: string): string {
  if (stored.startsWith("././")) return joinPath(ownerPath, stored.slice(4));
  if (stored.startsWith("./")) return joinPath(parentOf(ownerPath), stored.slice(2));
  if (stored.endsWith("/.")) {
    const below = `/${stored.slice(0, -2)}`;
    if (ownerPath.endsWith(below)) return ownerPath.slice(0, -below.length);
  }
  return trimPath(stored);
}
