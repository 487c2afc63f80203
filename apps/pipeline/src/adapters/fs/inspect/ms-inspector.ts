import type { MsInspector } from "../../../ports/ms-inspector.ts";
import { describeColumns } from "./describe-columns.ts";
import { readHead } from "./read-head.ts";
import { summarise } from "./summarise.ts";
import { verifyTable } from "./verify-table.ts";

/** Inspects tables on disk. */
export const tableInspector: MsInspector = { summarise, describeColumns, readHead, verify: verifyTable };
