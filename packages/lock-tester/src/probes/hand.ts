/** What probes of the kernel's locks have in common: two processes with one file open, and one kind of lock. */

import type { ByteSpan, KernelLockKind } from "@contimg/file-locks/node";
import type { ProbeName } from "./finding.ts";
import type { Member, Probe, ProbeTeam } from "./probe.ts";

export const KINDS = ["flock", "posix", "ofd"] as const;
export const RECORDS = ["posix", "ofd"] as const;
const NAME = { flock: "flock(2) locks", posix: "POSIX record locks", ofd: "open-file-description locks" } as const;

/** Both have the file open as `handle`, under one name. */
export async function bothOpen(team: ProbeTeam, handle: string): Promise<string> {
  const name = team.newName();
  await team.a.does({ do: "open", handle, name });
  await team.b.does({ do: "open", handle, name });
  return name;
}

/** What a process does with one kind of lock on the file that is open as `handle`. */
export function hand(member: Member, kind: KernelLockKind, handle: string) {
  const span = (range: ByteSpan | undefined) => (range ? { span: range } : {});
  return {
    exclusive: (range?: ByteSpan) => member.does({ do: "lock", kind, handle, mode: "exclusive", ...span(range) }),
    shared: (range?: ByteSpan) => member.does({ do: "lock", kind, handle, mode: "shared", ...span(range) }),
    unlock: (range?: ByteSpan) => member.does({ do: "unlock", kind, handle, ...span(range) }),
    wait: (range?: ByteSpan) => member.does({ do: "wait", kind, handle, mode: "exclusive", ...span(range) }),
  };
}

export type Hand = ReturnType<typeof hand>;

export function perKind(
  kinds: readonly KernelLockKind[],
  probe: ProbeName,
  question: string,
  usual: (kind: KernelLockKind) => boolean,
  run: (a: Hand, b: Hand, team: ProbeTeam, handle: string, kind: KernelLockKind) => Promise<boolean>,
): readonly Probe[] {
  return kinds.map((kind) => ({
    probe,
    lock: kind,
    question: question.replaceAll("%s", NAME[kind]),
    usual: usual(kind) ? "yes" : "no",
    async ask(team) {
      const handle = `${probe}-${kind}`;
      await bothOpen(team, handle);
      return await run(hand(team.a, kind, handle), hand(team.b, kind, handle), team, handle, kind);
    },
  }));
}

export const always = () => true;
export const never = () => false;
