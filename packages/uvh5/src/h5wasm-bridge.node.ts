/** Asks the h5wasm worker synchronously: post a request, sleep on shared memory until it replies. */
import { MessageChannel, receiveMessageOnPort, Worker } from "node:worker_threads";
import { Uvh5CorruptError, Uvh5UnsupportedError } from "./errors.ts";
import type { TreeNode } from "./h5wasm.ts";
import type { RemoteFile } from "./h5wasm-file.ts";
import type { H5wasmReply, H5wasmRequest, H5wasmWorkerData } from "./h5wasm-worker.node.ts";

/** A reply takes 0.2 s for the first request and milliseconds a megabyte after that; longer than this it hangs. */
const TIMEOUT_MS = 120_000;
const WORKER = new URL(
  import.meta.url.endsWith(".ts") ? "./h5wasm-worker.node.ts" : "./h5wasm-worker.node.js",
  import.meta.url,
);

/** Starts a worker for one file. It is ended by `close`, and by any error. */
export function startH5wasmWorker(path: string): RemoteFile {
  const { port1, port2 } = new MessageChannel();
  const signal = new Int32Array(new SharedArrayBuffer(4));
  const data: H5wasmWorkerData = { path, port: port2, signal };
  // The library prints its error stack; the errors thrown here say it in their own words.
  const worker = new Worker(WORKER, { workerData: data, transferList: [port2], stdout: true, stderr: true });
  worker.unref();
  port1.unref();
  let isOver = false;
  const close = (): void => {
    if (isOver) return;
    isOver = true;
    port1.close();
    // Nobody waits for the end of the worker, and there is nobody to tell if it had ended by itself.
    worker.terminate().catch(() => undefined);
  };
  const ask = (request: H5wasmRequest, field: string): unknown => {
    if (isOver) throw new Error(`${path}: read after close or after an error`);
    const before = Atomics.load(signal, 0);
    port1.postMessage(request);
    const outcome = Atomics.wait(signal, 0, before, TIMEOUT_MS);
    const reply = receiveMessageOnPort(port1)?.message as H5wasmReply | undefined;
    if (reply?.ok) return reply.value;
    close();
    const found = reply?.message ?? (outcome === "timed-out" ? `no reply within ${TIMEOUT_MS} ms` : "no reply");
    const fields = { file: path, field, expected: "data that h5wasm can read", found };
    throw /filter|plugin/i.test(found) ? new Uvh5UnsupportedError(fields) : new Uvh5CorruptError(fields);
  };
  return {
    tree: () => ask({ do: "tree" }, "/") as TreeNode,
    readBytes: (name, rowStart, rowEnd) => {
      const rows = rowStart === undefined || rowEnd === undefined ? {} : { rowStart, rowEnd };
      return ask({ do: "bytes", path: name, ...rows }, name) as Uint8Array<ArrayBuffer>;
    },
    readStrings: (name) => ask({ do: "strings", path: name }, name) as string[],
    close,
  };
}
