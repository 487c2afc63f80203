/** The worker in which h5wasm reads one file; answers one request at a time, and wakes the thread that waits. */
import { type MessagePort, workerData } from "node:worker_threads";
import { type H5wasmFile, openWithH5wasm } from "./h5wasm.ts";

/** What the owner asks. */
export type H5wasmRequest =
  | { readonly do: "tree" }
  | { readonly do: "bytes"; readonly path: string; readonly rowStart?: number; readonly rowEnd?: number }
  | { readonly do: "strings"; readonly path: string };

/** The answer: a value, or the message of an error. */
export type H5wasmReply =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly message: string };

/** What the worker starts with. `signal` counts the replies. */
export interface H5wasmWorkerData {
  readonly path: string;
  readonly port: MessagePort;
  readonly signal: Int32Array<SharedArrayBuffer>;
}

const { path, port, signal } = workerData as H5wasmWorkerData;

function reply(message: H5wasmReply): void {
  const bytes = message.ok && message.value instanceof Uint8Array ? [message.value.buffer as ArrayBuffer] : [];
  port.postMessage(message, bytes);
  Atomics.add(signal, 0, 1);
  Atomics.notify(signal, 0);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function answer(file: H5wasmFile, request: H5wasmRequest): unknown {
  if (request.do === "tree") return file.tree();
  if (request.do === "strings") return file.readStrings(request.path);
  return file.readBytes(request.path, request.rowStart, request.rowEnd);
}

let file: Promise<H5wasmFile> | undefined;
port.on("message", (request: H5wasmRequest) => {
  file ??= openWithH5wasm(path);
  file
    .then((opened) => reply({ ok: true, value: answer(opened, request) }))
    .catch((error: unknown) => reply({ ok: false, message: messageOf(error) }));
});
