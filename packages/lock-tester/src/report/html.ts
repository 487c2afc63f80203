/** A report as one HTML file that needs nothing else and runs no script. */

import type { LockReport } from "./report.ts";
import { fairnessText, kernelText, quantileText, recoveryText, violationText } from "./text.ts";
import { timelineSvg } from "./timeline-svg.ts";

const STYLE = `
:root{color-scheme:light dark;--good:#1a7f37;--bad:#c0262d;--maybe:#9a6700;--line:#8884;--wait:#9aa4b2;--read:#2f81f7;--write:#3b8640}
body{font:15px/1.5 system-ui,sans-serif;max-width:1040px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.3rem}h2{font-size:1.05rem;margin-top:2rem}
.verdict{border-left:6px solid;padding:.6rem 1rem;font-size:1.1rem}
.trusted{border-color:var(--good)}.violated,.hung{border-color:var(--bad)}.inconclusive{border-color:var(--maybe)}
table{border-collapse:collapse}td,th{text-align:left;padding:.15rem 1rem .15rem 0;border-bottom:1px solid var(--line);vertical-align:top}
svg{width:100%;height:auto;font:11px system-ui,sans-serif}svg text{fill:currentColor}
.axis{stroke:var(--line)}rect.waited{fill:var(--wait)}rect.shared{fill:var(--read)}rect.exclusive{fill:var(--write)}rect.violation{fill:var(--bad)}
.key span{display:inline-block;width:.9em;height:.9em;margin:0 .3em 0 1em;vertical-align:-.1em}
pre{overflow:auto;border:1px solid var(--line);padding:.6rem;font-size:13px}`;

const MOST_ROWS = 500;

export function reportHtml(report: LockReport): string {
  const { oracle, numbers, fileSystem, hang, timeline } = report;
  const facts: readonly (readonly [string, string])[] = [
    ["Lock", `${report.primitive.name}: ${report.primitive.summary}`],
    ["File", report.path],
    ["File system", `${fileSystem.kind}, ${fileSystem.reach} (${fileSystem.options})`],
    [
      "Machines",
      report.hosts
        .map(({ name, clockErrorMs }) =>
          clockErrorMs > 0 ? `${name}, clock known to ${clockErrorMs.toFixed(3)} ms` : name,
        )
        .join("; "),
    ],
    ["Lockers", `${report.lockerCount} in ${report.processCount} processes`],
    ["Started", report.startUtc],
    ["Seed", String(report.seed)],
    [
      "Acquisitions",
      `${oracle.acquisitionCount} in ${numbers.durationSec.toFixed(3)} s, ${numbers.throughputPerSec.toFixed(1)} a second; ${numbers.notHadCount} not had in time`,
    ],
    ["Violations", violationText(report)],
    ["Wait", quantileText(numbers.wait)],
    ["Hand-off", numbers.handOff.count === 0 ? "none" : quantileText(numbers.handOff)],
    ["Idle though wanted", `${(100 * numbers.idleFraction).toFixed(1)} %`],
    ["Fairness", fairnessText(report)],
    ["/proc/locks", kernelText(report)],
    ...(numbers.recoveriesMs.length > 0 ? ([["After a crash", recoveryText(report)]] as const) : []),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(`${report.verdict}: ${report.primitive.name} on ${report.path}`)}</title><style>${STYLE}</style></head><body>
<h1>Can these locks be trusted?</h1>
<p class="verdict ${report.verdict}">${escaped(report.sentence)}</p>
${table(facts)}
<h2>Who held the lock</h2>
<p class="key">${key("waited", "wait")}${key("shared", "read")}${key("exclusive", "write")}${key("violation", "bad")}</p>
${timelineSvg(timeline)}
${timeline.omittedCount > 0 ? `<p>${timeline.omittedCount} more acquisitions are not shown.</p>` : ""}
${hang ? `<h2>It hung: ${escaped(hang.kind)}</h2><p>${escaped(hang.text)}</p>${list(hang.graph)}` : ""}
${section(
  "Violations",
  oracle.violations.map((one) => `${(one.atNs / 1e6).toFixed(3)} ms: ${one.kind}: ${one.text}`),
)}
${section(
  "Faults that were made",
  report.faults.map(({ atMs, text }) => `${atMs.toFixed(1)} ms: ${text}`),
)}
${section("Problems", report.problems)}
<h2>Actions</h2>
${actionTable(report)}
${report.scenario === null ? "" : `<h2>Scenario</h2><pre>${escaped(report.scenario)}</pre>`}
</body></html>
`;
}

function key(name: string, color: string): string {
  return `<span style="background:var(--${color})"></span>${name}`;
}

function table(rows: readonly (readonly [string, string])[]): string {
  return `<table>${rows.map(([name, value]) => `<tr><th>${escaped(name)}</th><td>${escaped(value)}</td></tr>`).join("\n")}</table>`;
}

function list(items: readonly string[]): string {
  return `<ul>${items.map((item) => `<li>${escaped(item)}</li>`).join("\n")}</ul>`;
}

function section(title: string, items: readonly string[]): string {
  return items.length === 0 ? "" : `<h2>${title}</h2>${list(items)}`;
}

function actionTable({ actions }: LockReport): string {
  const rows = actions.slice(0, MOST_ROWS).map((action) => {
    const cells = [
      String(action.locker),
      action.command,
      action.outcome,
      action.atMs?.toFixed(2) ?? "",
      action.latenessMs?.toFixed(2) ?? "",
      action.waitedMs?.toFixed(2) ?? "",
      action.problem ?? "",
    ];
    return `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`;
  });
  const more = actions.length > MOST_ROWS ? `<p>${actions.length - MOST_ROWS} more are not shown.</p>` : "";
  return `<table><tr><th>locker</th><th>command</th><th>outcome</th><th>at ms</th><th>late ms</th><th>took ms</th><th></th></tr>
${rows.join("\n")}</table>${more}`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
