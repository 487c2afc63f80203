/** `contimg stream`: converts groups as their files arrive. */

import type { Command } from "commander";
import { environmentNeedsOf } from "../../config/environment-needs.ts";
import type { Config } from "../../config/settings.ts";
import { streamSetupOf } from "../../config/stream-setup.ts";
import { asPipelineError } from "../../domain/error-codes.ts";
import type { Log } from "../../ports/log.ts";
import { blocksStream, type Finding } from "../../services/finding.ts";
import type { Stream, StreamSetup } from "../../services/stream-setup.ts";
import { addConfigOptions, configOfCommand } from "../config-options.ts";
import { describeError } from "../output.ts";
import type { Inspect } from "./doctor.ts";

const HELP = `
The input directory is watched for *_sbNN.hdf5 files. Subbands of one observation are put together by the time of their
data, whatever their names say; a complete group is converted to OUTPUT_DIR/ms/science/YYYY-MM-DD/<start>.ms. Every file
and every group is accounted for in the queue database: see contimg queue and contimg ledger.

Every option can also stand in a YAML file (--config) or a variable (CONTIMG_OUTPUT_DIR, …): contimg config show --origin.

SIGTERM or Ctrl-C: the group in work is finished within --stop-timeout, else handed back; a second one hands it back at
once. After a crash nothing is lost: start it again.

Exit status: 0 stopped as asked, 1 stopped by an error, 2 wrong usage or configuration.

Examples:
  contimg stream --input-dir /data/incoming_data --output-dir /data/output/ms
  contimg stream --input-dir /data/incoming_data --output-dir /data/output/ms --scratch-dir /data/scratch \\
      --checkpoint-dir /data/checkpoints --chunk-duration 5.0 --omp-threads 4 --monitor-interval 60 --log-level INFO`;

export interface StreamServices {
  openLog(config: Config): Log & { reopen(): void; close(): void };
  /** Also makes missing directories when the needs say so. */
  inspectMachine: Inspect;
  composeStream(setup: StreamSetup): Stream;
}

const FAILED = 1;
const USAGE_ERROR = 2;

export function addStreamCommand(program: Command, services: StreamServices): void {
  const command = program
    .command("stream")
    .summary("convert groups as their files arrive")
    .description("Watches a directory and converts each group of subband files when it is complete.")
    .addHelpText("after", HELP);
  addConfigOptions(command);
  command.action(async () => {
    process.exitCode = await stream(command, services);
  });
}

async function stream(command: Command, services: StreamServices): Promise<number> {
  let config: Config;
  let setup: Omit<StreamSetup, "log">;
  try {
    ({ config } = configOfCommand(command));
    setup = streamSetupOf(config);
  } catch (error) {
    process.stderr.write(`${describeError(asPipelineError(error, "configuration"))}\n`);
    return USAGE_ERROR;
  }
  const log = services.openLog(config);
  if (!isFit(services.inspectMachine(config, environmentNeedsOf(config, true)), log)) {
    log.close();
    return FAILED;
  }
  const [stop, force] = [new AbortController(), new AbortController()];
  const onSignal = (signal: NodeJS.Signals) => {
    if (stop.signal.aborted) {
      log.warning(`${signal} again: handing back what is in work`);
      force.abort();
    } else {
      log.info(`${signal}: stopping`);
      stop.abort();
    }
  };
  const onHangup = () => log.reopen();
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  process.on("SIGHUP", onHangup);
  try {
    await services.composeStream({ ...setup, log }).run(stop.signal, force.signal);
    log.info("Stopped");
    return 0;
  } catch (error) {
    const causes: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
    for (const cause of causes) log.critical(describeError(cause));
    return FAILED;
  } finally {
    process.off("SIGINT", onSignal);
    process.off("SIGTERM", onSignal);
    process.off("SIGHUP", onHangup);
    log.close();
  }
}

/** Logs what is not as it should be. */
function isFit(findings: readonly Finding[], log: Log): boolean {
  for (const finding of findings) {
    const { name, verdict, found, fix } = finding;
    const message = `${name}: ${found} -> ${fix}`;
    if (blocksStream(finding)) log.critical(`ENVIRONMENT_UNFIT: ${message}`);
    else if (verdict !== "ok") log.warning(message);
  }
  return !findings.some(blocksStream);
}
