/** Links of a group: symbol tables (B-tree version 1, type 0) and compact link messages; dense links are not read. */
import { Hdf5Bytes, UNDEFINED_ADDRESS } from "./byte-source.ts";
import type { Extents } from "./extents.ts";
import { LocalHeap } from "./heaps.ts";
import { MESSAGE, type Message } from "./object-header.ts";

const MAX_DEPTH = 32;
/** Links of one group at most, a bound on the work that a damaged file can cause. */
const MAX_LINKS = 65536;

/** Whether the messages are those of a group. */
export function isGroup(messages: readonly Message[]): boolean {
  return messages.some((m) => m.type === MESSAGE.symbolTable || m.type === MESSAGE.linkInfo);
}

/** Addresses of the object headers of a group's members, by name. Soft and external links are refused. */
export function readLinks(
  hdf5: Hdf5Bytes,
  extents: Extents,
  messages: readonly Message[],
  path: string,
): Map<string, number> {
  const links = new Map<string, number>();
  for (const { type, isShared, body } of messages) {
    if (isShared && (type === MESSAGE.symbolTable || type === MESSAGE.link || type === MESSAGE.linkInfo)) {
      hdf5.unsupported(`group ${path}`, "links in its own header", "a shared message");
    }
    if (type === MESSAGE.symbolTable) readSymbolTable(hdf5, extents, body.address(), body.address(), path, links);
    else if (type === MESSAGE.link) readLinkMessage(hdf5, body, path, links);
    else if (type === MESSAGE.linkInfo) {
      if (body.u8() !== 0) hdf5.corrupt(`group ${path}`, "link info version 0", "another");
      const flags = body.u8();
      if (flags & 1) body.skip(8);
      if (body.address() !== UNDEFINED_ADDRESS)
        hdf5.unsupported(`group ${path}`, "links in its object header", "dense storage");
    }
  }
  return links;
}

function readLinkMessage(hdf5: Hdf5Bytes, body: Message["body"], path: string, links: Map<string, number>): void {
  const field = `link message of ${path}`;
  if (body.u8() !== 1) hdf5.corrupt(field, "version 1", "another");
  const flags = body.u8();
  const type = flags & 8 ? body.u8() : 0;
  if (flags & 4) body.skip(8);
  if (flags & 16) body.skip(1);
  const nameBytes = body.unsigned(1 << (flags & 3));
  const name = new TextDecoder().decode(body.take(nameBytes));
  if (type !== 0) hdf5.unsupported(`${path}/${name}`, "a hard link", `link type ${type}`);
  if (links.has(name)) hdf5.corrupt(field, "each name once", name);
  links.set(name, body.address());
}

function readSymbolTable(
  hdf5: Hdf5Bytes,
  extents: Extents,
  btree: number,
  heapAddress: number,
  path: string,
  links: Map<string, number>,
): void {
  const heap = new LocalHeap(hdf5, extents, heapAddress, path);
  const field = `symbol table of ${path}`;
  const seen = new Set<number>();
  let lastName = "";
  const walk = (address: number, level: number | null, depth: number): void => {
    if (seen.has(address) || depth > MAX_DEPTH) hdf5.corrupt(field, "a tree", `node ${address} again`);
    seen.add(address);
    const nodeBytes = 24 + 16 * hdf5.groupNodeChildren + 8;
    const node = hdf5.cursor(address, nodeBytes, field);
    node.signature("TREE");
    const type = node.u8();
    const found = node.u8();
    const used = node.u16();
    if (type !== 0) hdf5.corrupt(field, "a node of type 0", type);
    if (level !== null && found !== level) hdf5.corrupt(field, `a node of level ${level}`, found);
    if (used > hdf5.groupNodeChildren) hdf5.corrupt(field, `at most ${hdf5.groupNodeChildren} children`, used);
    extents.claim(address, address + nodeBytes);
    node.skip(16); // siblings
    node.skip(8); // the key before the first child
    for (let i = 0; i < used; i++) {
      const child = node.address();
      if (found > 0) walk(child, found - 1, depth + 1);
      else readNode(child);
      // The key after a child is the child's last name, so a count that became smaller shows.
      const key = heap.name(node.u64());
      if (key !== lastName) hdf5.corrupt(field, `the key ${JSON.stringify(lastName)}`, JSON.stringify(key));
    }
    // The library clears what is not in use, so children that a smaller count hides show.
    if (!node.restIsZero()) hdf5.corrupt(field, `nothing after ${used} children`, "more");
  };
  const readNode = (address: number): void => {
    const nodeBytes = 8 + 40 * hdf5.groupLeafEntries;
    const node = hdf5.cursor(address, nodeBytes, field);
    node.signature("SNOD");
    if (node.u8() !== 1) hdf5.corrupt(field, "symbol node version 1", "another");
    node.skip(1);
    const used = node.u16();
    if (used > hdf5.groupLeafEntries) hdf5.corrupt(field, `at most ${hdf5.groupLeafEntries} entries`, used);
    extents.claim(address, address + nodeBytes);
    for (let i = 0; i < used; i++) {
      const name = heap.name(node.u64());
      const header = node.address();
      const cacheType = node.u32();
      node.skip(20);
      if (cacheType === 2) hdf5.unsupported(`${path}/${name}`, "a hard link", "a soft link");
      if (cacheType > 2) hdf5.corrupt(field, "cache type 0 to 2", cacheType);
      // Names are stored in order, so a damaged name or a lost node shows.
      if (name <= lastName) hdf5.corrupt(field, `a name after ${JSON.stringify(lastName)}`, JSON.stringify(name));
      lastName = name;
      links.set(name, header);
      if (links.size > MAX_LINKS) hdf5.unsupported(`group ${path}`, `at most ${MAX_LINKS} members`, "more");
    }
    if (!node.restIsZero()) hdf5.corrupt(field, `nothing after ${used} entries`, "more");
  };
  if (btree !== UNDEFINED_ADDRESS) walk(btree, null, 0);
}
