/** What may import what. Every rule's comment says why, and thereby what to do instead. */
import type { IConfiguration, IForbiddenRuleType } from "dependency-cruiser";

const APP = "^apps/pipeline/src";
const TEST = "([.](test|bench)[.]ts$|^(apps|packages)/[^/]+/(test|bench)/)";
const SOURCE = "^(apps|packages)/[^/]+/src/";
const NODE_ENTRY = "^packages/[^/]+/src/node[.]ts$";
const ANY_PACKAGE = ["npm", "npm-dev", "npm-optional", "npm-peer", "npm-bundled", "npm-no-pkg", "npm-unknown"] as const;
const IO =
  "^(node:)?(fs|fs/promises|child_process|worker_threads|net|tls|http|http2|https|dgram|cluster|os|sqlite|readline)$";

/** Modules that something outside the import graph starts: package entries, the command line, worker threads. */
const STARTED = `^packages/[^/]+/src/(index|node)[.]ts$|^packages/lock-tester/src/(cli/main|locker/locker-process)[.]ts$|^packages/kernels/src/[^/]+/index[.]ts$|${APP}/(cli/main|api/server|group-worker)[.]ts$|[-.]worker[.]ts$|^apps/dashboard/src/main[.]tsx?$`;

/** A rule about the two ends of an import. */
type ImportRule = Extract<IForbiddenRuleType, { readonly to: unknown }>;

function forbid(name: string, comment: string, from: ImportRule["from"], to: ImportRule["to"]): ImportRule {
  return { name, comment, severity: "error", from, to };
}

/** A driver has one door: the place that adapts it. `driver` is an expression for the package's or module's name. */
function oneDoor(name: string, driver: string, door: string): ImportRule {
  return forbid(
    `one-door-${name}`,
    `Only ${door} speaks to the driver; everyone else asks for what stands before it.`,
    { path: "^(apps|packages)/", pathNot: [door, TEST] },
    { path: `(^|/)node_modules/(${driver})/|^(node:)?(${driver})(/|$)` },
  );
}

const tree: ImportRule[] = [
  forbid(
    "no-circular",
    "Two modules that need each other are one module, or hide a third.",
    {},
    { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
  ),
  forbid("no-unresolvable", "A package is imported only through its exports.", {}, { couldNotResolve: true }),
  forbid(
    "no-unreachable-module",
    "A module that nothing started or exported leads to is dead.",
    { path: STARTED },
    { path: SOURCE, pathNot: [TEST, STARTED, "[.]d[.]ts$"], reachable: false },
  ),
  forbid(
    "no-undeclared-package",
    "A package is declared in the package.json of the workspace that imports it.",
    { path: "^(apps|packages)/", pathNot: TEST },
    { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
  ),
  forbid(
    "no-dev-dependency-in-source",
    "Source that ships may not need a development dependency.",
    { path: SOURCE, pathNot: TEST },
    { dependencyTypes: ["npm-dev"], dependencyTypesNot: ["type-only"] },
  ),
  forbid(
    "no-test-from-source",
    "What a test has and source needs belongs into source.",
    { path: SOURCE, pathNot: TEST },
    { path: `${TEST}|^tools/` },
  ),
];

const libraries: ImportRule[] = [
  forbid(
    "libraries-know-no-application",
    "A library is of use without DSA-110.",
    { path: "^packages/" },
    { path: "^apps/" },
  ),
  forbid(
    "libraries-know-no-sibling",
    "Each library is a leaf. Libraries share a shape of data, not a module.",
    // The tester of locks tests the library of locks, and calls the system through its door.
    { path: "^packages/([^/]+)/", pathNot: "^packages/lock-tester/" },
    { path: "^packages/([^/]+)/", pathNot: "^packages/$1/" },
  ),
  forbid(
    "lock-tester-knows-locks-only",
    "The tester of locks stands on the library of locks and on no other.",
    { path: "^packages/lock-tester/" },
    { path: "^packages/([^/]+)/", pathNot: "^packages/(lock-tester|file-locks)/" },
  ),
  forbid(
    "libraries-through-the-front-door",
    "A library is imported by its name, never by a relative path into it.",
    { path: "^apps/" },
    { path: "^packages/", dependencyTypes: ["local"], dependencyTypesNot: ["aliased-workspace", "npm"] },
  ),
  forbid(
    "pure-libraries-need-nothing",
    "Numerics take numbers and typed arrays and return them: no input or output, no clock, no package.",
    { path: "^packages/(kernels|sky)/src/", pathNot: TEST },
    { dependencyTypes: ["core", ...ANY_PACKAGE] },
  ),
  forbid(
    "formats-do-io-in-node-ts",
    "A format reads through an interface of bytes; only src/node.ts knows files.",
    { path: "^packages/(casacore-tables|uvh5|fits)/src/", pathNot: [NODE_ENTRY, "[.]node[.]ts$", TEST] },
    { dependencyTypes: ["core"] },
  ),
  forbid(
    "formats-need-no-package",
    "A format is read from its description, not by another's code.",
    { path: "^packages/(casacore-tables|fits)/src/", pathNot: TEST },
    { dependencyTypes: [...ANY_PACKAGE] },
  ),
];

const layers: ImportRule[] = [
  forbid(
    "domain-knows-nothing",
    "Domain types are what all others share.",
    { path: `${APP}/domain/`, pathNot: TEST },
    { pathNot: `${APP}/domain/` },
  ),
  forbid(
    "ports-see-domain-only",
    "A port is phrased in words of the domain.",
    { path: `${APP}/ports/`, pathNot: TEST },
    { pathNot: `${APP}/(ports|domain)/` },
  ),
  forbid(
    "stages-see-no-stage",
    "Stages meet only as artifacts; chain.ts alone orders them.",
    { path: `${APP}/stages/([^/]+)/` },
    { path: `${APP}/stages/([^/]+)/`, pathNot: `${APP}/stages/$1/` },
  ),
  forbid(
    "stages-ask-ports",
    "A stage is handed what it needs.",
    { path: `${APP}/stages/`, pathNot: TEST },
    { path: `${APP}/(adapters|services|api|cli|config|simulate|compose)/` },
  ),
  forbid(
    "stages-do-no-io",
    "Reading and writing go through a port, so that a stage runs in a test without a disk.",
    { path: `${APP}/stages/`, pathNot: TEST },
    { path: `${IO}|${NODE_ENTRY}` },
  ),
  forbid(
    "adapters-see-ports-and-domain",
    "An adapter stands behind a port and knows none who call it.",
    { path: `${APP}/adapters/`, pathNot: TEST },
    { path: `${APP}/(stages|services|api|cli|simulate|compose)/` },
  ),
  forbid(
    "adapters-see-no-adapter",
    "Adapters are put together in compose/, not by each other.",
    { path: `${APP}/adapters/([^/]+)/`, pathNot: TEST },
    { path: `${APP}/adapters/([^/]+)/`, pathNot: `${APP}/adapters/$1/` },
  ),
  forbid(
    "only-compose-picks-adapters",
    "compose/ alone says which adapter stands behind which port.",
    { path: APP, pathNot: [`${APP}/compose/`, `${APP}/adapters/`, TEST] },
    { path: `${APP}/adapters/` },
  ),
  forbid(
    "services-know-no-caller",
    "A service is started by the command line or the API and knows neither.",
    { path: `${APP}/services/`, pathNot: TEST },
    { path: `${APP}/(api|cli|simulate|compose)/` },
  ),
  forbid(
    "api-reads-ports",
    "The API shows state; it runs no stage and no service.",
    { path: `${APP}/api/`, pathNot: TEST },
    { path: `${APP}/(stages|services|cli|simulate|compose)/` },
  ),
  forbid(
    "simulator-stands-alone",
    "The simulator writes what the telescope writes; sharing code with the pipeline would hide a common mistake.",
    { path: `${APP}/simulate/`, pathNot: TEST },
    { path: `${APP}/`, pathNot: `${APP}/(simulate|domain)/` },
  ),
  forbid(
    "only-the-command-line-simulates",
    "No part of the pipeline that sees real data can reach made data.",
    { path: `${APP}/`, pathNot: [`${APP}/(simulate|cli)/`, TEST] },
    { path: `${APP}/simulate/` },
  ),
  forbid(
    "dashboard-sees-api-types",
    "The dashboard talks to the API over HTTP.",
    { path: "^apps/dashboard/" },
    { path: "^(apps/pipeline|packages)/", pathNot: `${APP}/api/api-types[.]ts$` },
  ),
];

const doors: ImportRule[] = [
  oneDoor("sqlite", "sqlite|better-sqlite3", `${APP}/adapters/sqlite/|^packages/lock-tester/src/(primitives|probes)/`),
  oneDoor("redis", "bullmq|ioredis|redis|@redis", `${APP}/adapters/redis/`),
  oneDoor("fastify", "fastify|@fastify", `${APP}/api/`),
  oneDoor("command-line", "commander", `${APP}/cli/`),
  oneDoor("foreign-functions", "koffi", "^packages/file-locks/src/"),
  oneDoor("yaml", "yaml", `${APP}/config/|^packages/lock-tester/src/scenario/`),
  oneDoor("log-writer", "pino", `${APP}/adapters/log/`),
  oneDoor("hdf5", "h5wasm|h5wasm-plugins", "^packages/uvh5/src/h5wasm[.]ts$"),
];

/** The rules and how imports are resolved. */
export const architecture: IConfiguration = {
  forbidden: [...tree, ...libraries, ...layers, ...doors],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(apps|packages)/[^/]+/dist/" },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@contimg/source", "import", "types", "default"],
      extensions: [".ts", ".tsx", ".js", ".json"],
    },
  },
};
