/** Waiting that something can cut short. */
export interface WakeUp {
  /** Ends the wait that is on, or the next one when none is. */
  wake(): void;
  /** Resolves after `timeoutMs`, at a {@link WakeUp.wake}, or when one of `signals` is aborted. */
  wait(timeoutMs: number, ...signals: readonly AbortSignal[]): Promise<void>;
}

export function createWakeUp(): WakeUp {
  let isWoken = false;
  const waiting = new Set<() => void>();
  return {
    wake() {
      isWoken = waiting.size === 0;
      for (const end of waiting) end();
    },
    wait(timeoutMs, ...signals) {
      if (isWoken || signals.some((signal) => signal.aborted)) {
        isWoken = false;
        return Promise.resolve();
      }
      return new Promise((resolve) => {
        const end = () => {
          clearTimeout(timer);
          waiting.delete(end);
          for (const signal of signals) signal.removeEventListener("abort", end);
          resolve();
        };
        const timer = setTimeout(end, timeoutMs);
        waiting.add(end);
        for (const signal of signals) signal.addEventListener("abort", end);
      });
    },
  };
}
