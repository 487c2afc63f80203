/** How busy the machine is. */
export interface SystemSample {
  /** Of all cores, since the look before; null: the first look. */
  readonly cpuPercent: number | null;
  /** Of what this process may have: the machine's memory, or less where a control group limits it. */
  readonly memoryPercent: number;
  /** Of the fullest file system that data go to. */
  readonly diskPercent: number;
  readonly ownRssBytes: number;
  /** CPU time of this process since the look before, of one core. */
  readonly ownCpuPercent: number | null;
}

export interface SystemMetrics {
  sample(): SystemSample;
}
