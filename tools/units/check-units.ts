/**
 * Every number that leaves a module says its unit in its name, or that it has none. Checked are the domain, the ports,
 * and whatever the libraries' entry points export; files given as arguments are checked instead when there are any.
 */
import { globSync } from "node:fs";
import { relative, resolve } from "node:path";
import ts from "typescript";
import { isNamedWithUnit, saysUnit } from "./unit-names.ts";

const root = resolve(import.meta.dirname, "../..");
// Uint8Array is left out: it holds bytes or flags, which have no unit.
const NUMERIC_ARRAY = /^(Float(32|64)|(Big)?Int\d+|Uint(16|32)|BigUint64)Array$/;

const given = process.argv.slice(2);
const files = (
  given.length > 0
    ? given
    : globSync(["packages/*/src/{index,node}.ts", "apps/pipeline/src/{domain,ports}/**/*.ts"], { cwd: root })
)
  .filter((file) => !file.endsWith(".test.ts"))
  .map((file) => resolve(root, file));

const config = ts.readConfigFile(resolve(root, "tsconfig.base.json"), (path) => ts.sys.readFile(path));
const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root, { noEmit: true, types: ["node"] });
const program = ts.createProgram(files, options);
const checker = program.getTypeChecker();

const visited = new Set<ts.Node>();
const complaints = new Set<string>();
let numberCount = 0;

for (const file of files) {
  const source = program.getSourceFile(file);
  const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
  if (module === undefined) continue;
  for (const exported of checker.getExportsOfModule(module)) {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    for (const declaration of symbol.declarations ?? []) visit(declaration);
  }
}

/** Walks what a declaration shows to its users: members, parameters, the constant itself; not function bodies. */
function visit(node: ts.Node): void {
  if (visited.has(node) || node.getSourceFile().fileName.includes("/node_modules/")) return;
  visited.add(node);
  if (ts.isBlock(node) || isPrivate(node)) return;
  if (
    (ts.isPropertySignature(node) ||
      ts.isPropertyDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isVariableDeclaration(node) ||
      ts.isGetAccessor(node)) &&
    ts.isIdentifier(node.name)
  ) {
    check(node.name);
  }
  if (ts.isVariableDeclaration(node)) {
    if (node.initializer !== undefined && ts.isArrowFunction(node.initializer))
      node.initializer.parameters.forEach(visit);
    return; // a constant's members are data
  }
  ts.forEachChild(node, visit);
}

function isPrivate(node: ts.Node): boolean {
  if (!ts.canHaveModifiers(node)) return ts.isPropertyDeclaration(node) && ts.isPrivateIdentifier(node.name);
  const modifiers = ts.getModifiers(node) ?? [];
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword || kind === ts.SyntaxKind.ProtectedKeyword);
}

function check(name: ts.Identifier): void {
  const type = checker.getTypeAtLocation(name);
  const isConstant = ts.isVariableDeclaration(name.parent) && type.isNumberLiteral();
  if (!isConstant && !isNumeric(type)) return;
  numberCount += 1;
  if (isNamedWithUnit(name.text) || isMemberOfUnit(name.parent)) return;
  const source = name.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(name.getStart());
  complaints.add(`${relative(root, source.fileName)}:${line + 1} '${name.text}' is a number with no unit in its name`);
}

/** Whether the record that a member stands in says the unit of all its members. */
function isMemberOfUnit(member: ts.Node): boolean {
  const record = member.parent.parent;
  return ts.isPropertySignature(record) && ts.isIdentifier(record.name) && saysUnit(record.name.text);
}

/** Whether a type is a number, an array of numbers, or one of these or nothing. A union of literals is a code. */
function isNumeric(type: ts.Type): boolean {
  if (type.isUnion()) {
    const parts = type.types.filter((part) => !(part.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Null)));
    return parts.length > 0 && parts.every((part) => isNumeric(part));
  }
  if (type.isIntersection()) return type.types.some((part) => isNumeric(part));
  if (type.flags & (ts.TypeFlags.Number | ts.TypeFlags.BigInt)) return true;
  const name = type.symbol?.name ?? "";
  if (NUMERIC_ARRAY.test(name)) return true;
  if (name !== "Array" && name !== "ReadonlyArray") return false;
  const [element] = checker.getTypeArguments(type as ts.TypeReference);
  return element !== undefined && isNumeric(element);
}

for (const complaint of [...complaints].sort()) console.error(complaint);
console.log(`${files.length} files, ${numberCount} numbers, ${complaints.size} without a unit`);
if (complaints.size > 0 || files.length === 0 || numberCount === 0) process.exitCode = 1;
