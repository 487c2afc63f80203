/** Probes of what locks stand on besides the kernel's: names that are made once, data that are seen, SQLite. */

import { PROBE_NAMES, type ProbeName } from "./finding.ts";
import type { Probe, ProbeTeam } from "./probe.ts";

const ROUND_COUNT = 20;

/** One of two that try at the same time succeeds, and each time exactly one. */
function once(
  probe: ProbeName,
  question: string,
  tryIt: (team: ProbeTeam, name: string) => Promise<readonly boolean[]>,
): Probe {
  return {
    probe,
    lock: "name",
    question,
    usual: "yes",
    async ask(team) {
      for (let round = 0; round < ROUND_COUNT; round++)
        if ((await tryIt(team, team.newName())).filter(Boolean).length !== 1) return false;
      return true;
    },
  };
}

const SCHEMA = "SELECT count(*) FROM sqlite_schema";

export const fileProbes: readonly Probe[] = [
  once(PROBE_NAMES.createsOnce, "is a file made with O_EXCL by exactly one of two?", (team, name) =>
    Promise.all([team.a, team.b].map((member) => member.does({ do: "create-new", name }))),
  ),
  once(PROBE_NAMES.directoryOnce, "is a directory made by exactly one of two?", (team, name) =>
    Promise.all([team.a, team.b].map((member) => member.does({ do: "make-directory", name }))),
  ),
  once(PROBE_NAMES.linksOnce, "is a hard link made by exactly one of two?", async (team, newName) => {
    const name = team.newName();
    await team.a.does({ do: "create-new", name });
    return await Promise.all([team.a, team.b].map((member) => member.does({ do: "link", name, newName })));
  }),
  {
    probe: PROBE_NAMES.seesWrites,
    lock: "data",
    question: "does a process see what another wrote under the lock before it?",
    usual: "yes",
    async ask(team) {
      const name = team.newName();
      const handle = "sees-writes";
      for (const member of [team.a, team.b]) await member.does({ do: "open", handle, name });
      for (let round = 0; round < ROUND_COUNT; round++) {
        const [writer, reader] = round % 2 === 0 ? [team.a, team.b] : [team.b, team.a];
        await writer.does({ do: "lock", kind: "posix", handle, mode: "exclusive" });
        await writer.does({ do: "write", handle, text: `round ${round} `.padEnd(12) });
        await writer.does({ do: "unlock", kind: "posix", handle });
        await reader.does({ do: "lock", kind: "posix", handle, mode: "shared" });
        const seen = await reader.text({ do: "read", handle });
        await reader.does({ do: "unlock", kind: "posix", handle });
        if (seen !== `round ${round} `.padEnd(12)) return false;
      }
      return true;
    },
  },
  {
    probe: PROBE_NAMES.writerExcludes,
    lock: "sqlite",
    question: "does SQLite with a rollback journal keep a second writer and readers out?",
    usual: "yes",
    async ask(team) {
      const name = `${team.newName()}.sqlite`;
      const sql = (member: "a" | "b", ...statements: string[]) => team[member].does({ do: "sql", name, statements });
      await sql("a", "PRAGMA journal_mode = DELETE", "CREATE TABLE t (x)");
      if (!(await sql("a", "BEGIN EXCLUSIVE"))) return false;
      if ((await sql("b", SCHEMA)) || (await sql("b", "BEGIN IMMEDIATE"))) return false;
      await sql("a", "COMMIT");
      return await sql("b", "BEGIN EXCLUSIVE", "COMMIT");
    },
  },
  {
    probe: PROBE_NAMES.walShares,
    lock: "sqlite",
    question: "does SQLite's write-ahead log work, and show one process what the other has written?",
    usual: "yes",
    async ask(team) {
      const name = `${team.newName()}.sqlite`;
      const mode = await team.a.text({ do: "sql", name, statements: ["PRAGMA journal_mode = WAL"] });
      if (mode !== "wal") return false;
      await team.a.does({ do: "sql", name, statements: ["CREATE TABLE t (x)", "INSERT INTO t VALUES (1)"] });
      const before = await team.b.text({ do: "sql", name, statements: ["SELECT count(*) FROM t"] });
      await team.a.does({ do: "sql", name, statements: ["INSERT INTO t VALUES (2)"] });
      const after = await team.b.text({ do: "sql", name, statements: ["SELECT count(*) FROM t"] });
      return before === "1" && after === "2";
    },
  },
];
