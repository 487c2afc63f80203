/** Files on a server that answers ranges. */
import { FitsIoError } from "../errors.ts";
import type { AsyncByteSource } from "./byte-source.ts";

export interface HttpSourceOptions {
  /** Default: the platform's `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  /** Sent with each request, such as an Authorization. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Opens a file by HTTP ranges (RFC 9110, 14). The first request asks for one byte and learns the length.
 *
 * @throws FitsIoError when the server does not answer, answers without a range, or the file changed meanwhile
 */
export async function httpSource(url: string | URL, options: HttpSourceOptions = {}): Promise<AsyncByteSource> {
  const name = String(url);
  const fetchIt = options.fetch ?? globalThis.fetch;
  const request = async (startByte: number, endByte: number): Promise<Response> => {
    const range = `bytes=${startByte}-${endByte - 1}`;
    const fail = (found: string, cause?: unknown): Error =>
      new FitsIoError({ file: name, place: `range ${range}`, expected: "status 206", found }, { cause });
    let response: Response;
    try {
      const headers = { ...options.headers, range };
      response = await fetchIt(url, options.signal === undefined ? { headers } : { headers, signal: options.signal });
    } catch (error) {
      throw fail("no answer", error);
    }
    if (response.status !== 206) {
      await response.body?.cancel();
      throw fail(`status ${response.status}`);
    }
    return response;
  };

  const first = await request(0, 1);
  await first.arrayBuffer();
  const [, total] = /\/(\d+)$/.exec(first.headers.get("content-range") ?? "") ?? [];
  if (total === undefined) {
    const found = first.headers.get("content-range") ?? "none";
    throw new FitsIoError({ file: name, place: "Content-Range", expected: "a length", found });
  }
  const etag = first.headers.get("etag");
  return {
    name,
    byteLength: Number(total),
    async slice(startByte, endByte) {
      const response = await request(startByte, endByte);
      const changedTag = response.headers.get("etag");
      if (changedTag !== etag) {
        const fields = { file: name, place: "ETag", expected: String(etag), found: `${changedTag}: the file changed` };
        throw new FitsIoError(fields);
      }
      return new Uint8Array(await response.arrayBuffer());
    },
  };
}
