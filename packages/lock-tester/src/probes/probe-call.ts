/** What a probe asks of one of its processes. Files have names within the process's directory, and handles when open. */

import type { ByteSpan, KernelLockKind } from "@contimg/file-locks/node";
import type { LockMode } from "../primitive.ts";

export type ProbeCall =
  | { readonly do: "open"; readonly handle: string; readonly name: string; readonly readOnly?: boolean }
  | { readonly do: "close"; readonly handle: string }
  /** A second descriptor of the same open file. */
  | { readonly do: "dup"; readonly handle: string; readonly copy: string }
  | ({ readonly do: "lock"; readonly mode: LockMode } & Target)
  | ({ readonly do: "unlock" } & Target)
  /** Answers when the lock is had (true), or the wait was interrupted (false). */
  | ({ readonly do: "wait"; readonly mode: LockMode } & Target)
  | { readonly do: "interrupt" }
  /** A program that is started inherits the open file and outlives its closing here. */
  | { readonly do: "start-heir"; readonly handle: string }
  | { readonly do: "end-heir" }
  /** This process becomes another program that keeps the open file; it answers nothing more. */
  | ({ readonly do: "lock-and-exec" } & Omit<Target, "handle"> & { readonly name: string })
  | { readonly do: "write"; readonly handle: string; readonly text: string }
  | { readonly do: "read"; readonly handle: string }
  /** Each of these makes a name that must be new. */
  | { readonly do: "create-new" | "make-directory"; readonly name: string }
  | { readonly do: "link" | "rename"; readonly name: string; readonly newName: string }
  | { readonly do: "unlink"; readonly name: string }
  | { readonly do: "sql"; readonly name: string; readonly statements: readonly string[] };

interface Target {
  readonly kind: KernelLockKind;
  readonly handle: string;
  /** Without one the whole file. */
  readonly span?: ByteSpan;
}

/** true and false as the call has it, a text for what was read; `error`: the system's code, or `no answer`. */
export type ProbeAnswer = boolean | string | { readonly error: string };
