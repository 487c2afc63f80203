import type { HostClock } from "../../src/ports/clock.ts";

/** Time that stands still until it is told otherwise. */
export class TestClock implements HostClock {
  bootId = "boot-1";
  #unixSec = 1_760_000_000;
  #bootMs = 1_000_000;

  nowUnixSec(): number {
    return this.#unixSec;
  }

  monotonicMs(): number {
    return this.#bootMs;
  }

  sinceBootMs(): number {
    return this.#bootMs;
  }

  /** Time goes by. */
  pass(durationMs: number): void {
    this.#unixSec += durationMs / 1000;
    this.#bootMs += durationMs;
  }

  /** Somebody sets the wall clock. */
  step(stepSec: number): void {
    this.#unixSec += stepSec;
  }

  restartMachine(): void {
    this.bootId = `${this.bootId}'`;
    this.#bootMs = 1000;
    this.#unixSec += 60;
  }
}
