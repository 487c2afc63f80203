/** Items of `Header` one by one: presence, type and shape are checked, and errors name the item. */
import { NotUvh5Error, Uvh5InconsistentError } from "./errors.ts";
import { readBigInt, readFloat64, readInt32, readStrings, type StoredArray, type StoredGroup } from "./stored.ts";
import type { KeywordValue } from "./uvh5-file.ts";

/** Reads items of one group by name. */
export class Fields {
  readonly file: string;
  readonly group: StoredGroup;

  constructor(file: string, group: StoredGroup) {
    this.file = file;
    this.group = group;
  }

  inconsistent(name: string, expected: string, found: string | number): never {
    throw new Uvh5InconsistentError({ file: this.file, field: this.#path(name), expected, found: String(found) });
  }

  #path(name: string): string {
    return `${this.group.path}/${name}`;
  }

  /** The array of this name; null when there is none, or when it is a null dataspace, by which writers say "none". */
  find(name: string): StoredArray | null {
    const member = this.group.members.get(name);
    if (member === undefined || (member.kind === "dataset" && member.shape === null)) return null;
    if (member.kind === "group") return this.inconsistent(name, "a dataset", "a group");
    if (member.kind === "unsupported") throw member.error;
    return member;
  }

  require(name: string): StoredArray {
    const member = this.find(name);
    if (member === null)
      throw new NotUvh5Error({ file: this.file, field: this.#path(name), expected: "a dataset", found: "none" });
    return member;
  }

  /** The group of this name; null when there is none. */
  subgroup(name: string): Fields | null {
    const member = this.group.members.get(name);
    if (member === undefined) return null;
    if (member.kind !== "group") return this.inconsistent(name, "a group", "a dataset");
    return new Fields(this.file, member);
  }

  /** One finite number, stored as a scalar or as an array of one. Null when absent. */
  number(name: string): number | null {
    const array = this.find(name);
    if (array === null) return null;
    this.#checkOne(name, array);
    const value = readFloat64(this.file, array)[0] as number;
    if (!Number.isFinite(value)) this.inconsistent(name, "a finite number", value);
    return value;
  }

  requireNumber(name: string): number {
    this.require(name);
    return this.number(name) as number;
  }

  /** A count: a whole number of at least `least`. */
  count(name: string, least: number): number {
    const value = this.requireNumber(name);
    if (!Number.isSafeInteger(value) || value < least)
      this.inconsistent(name, `a whole number of at least ${least}`, value);
    return value;
  }

  string(name: string): string | null {
    const array = this.find(name);
    if (array === null) return null;
    this.#checkOne(name, array);
    return readStrings(this.file, array)[0] as string;
  }

  requireString(name: string): string {
    this.require(name);
    return this.string(name) as string;
  }

  /** Numbers of exactly `length` elements; one stored element is repeated when `repeat` is set. */
  numbers(name: string, length: number, repeat = false): Float64Array<ArrayBuffer> | null {
    const array = this.find(name);
    if (array === null) return null;
    this.checkLength(name, length, repeat);
    const values = readFloat64(this.file, array);
    return values.length === length ? values : new Float64Array(length).fill(values[0] as number);
  }

  finiteNumbers(name: string, length: number, repeat = false): Float64Array<ArrayBuffer> | null {
    const values = this.numbers(name, length, repeat);
    const bad = values?.findIndex((value) => !Number.isFinite(value)) ?? -1;
    if (values !== null && bad >= 0) this.inconsistent(name, "finite numbers", `${values[bad]} at element ${bad}`);
    return values;
  }

  integers(name: string, length: number): Int32Array<ArrayBuffer> | null {
    const array = this.find(name);
    if (array === null) return null;
    this.checkLength(name, length);
    return readInt32(this.file, array);
  }

  strings(name: string, length: number): string[] | null {
    const array = this.find(name);
    if (array === null) return null;
    this.checkLength(name, length);
    return readStrings(this.file, array);
  }

  /** Throws when an array is there but has neither `length` elements nor, if allowed, one. Reads no data. */
  checkLength(name: string, length: number, allowOne = false): void {
    const array = this.find(name);
    if (array === null) return;
    const found = this.#length(array);
    if (found !== length && !(allowOne && found === 1)) this.inconsistent(name, `${length} elements`, found);
  }

  required<T>(name: string, value: T | null): T {
    if (value === null) this.require(name);
    return value as T;
  }

  #length(array: StoredArray): number {
    return (array.shape ?? []).reduce((product, size) => product * size, 1);
  }

  #checkOne(name: string, array: StoredArray): void {
    if (this.#length(array) !== 1) this.inconsistent(name, "one value", `${this.#length(array)} values`);
  }

  /** All arrays of the group as plain values, for items that are not interpreted; null where a type has no plain value. @throws what another reader may read */
  keywords(): Map<string, KeywordValue> {
    const keywords = new Map<string, KeywordValue>();
    for (const [name, member] of this.group.members) {
      if (member.kind === "dataset") keywords.set(name, this.#keyword(member));
      else if (member.kind === "unsupported") {
        if (!member.isFinal) throw member.error;
        keywords.set(name, null);
      }
    }
    return keywords;
  }

  #keyword(array: StoredArray): KeywordValue {
    const { type, shape } = array;
    if (shape === null) return null;
    if (type.kind === "string" || type.kind === "vlen-string") {
      const strings = readStrings(this.file, array);
      return shape.length === 0 ? (strings[0] as string) : strings;
    }
    if (shape.length === 0 && type.kind === "integer" && type.bytes === 8) {
      const value = readBigInt(this.file, array);
      return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
        ? Number(value)
        : value;
    }
    const values = readFloat64(this.file, array);
    if (shape.length > 0) return values;
    return type.kind === "bool" ? values[0] === 1 : (values[0] as number);
  }
}
