/** Who is who among the processes of this machine, safe against reused process numbers. */
export interface HostProcesses {
  /** This process: host, boot, process namespace, number and start time. */
  readonly identity: string;
  /**
   * Whether the process with that identity still runs. `unknown` where this process cannot tell: another host, or
   * another process namespace.
   */
  state(identity: string): "running" | "dead" | "unknown";
}
