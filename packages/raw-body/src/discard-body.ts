import type { NodeRequest } from "./body-source.js";
import { startTimer } from "./deadline.js";

/** The limits of {@link discardBody}. */
export interface DiscardOptions {
  /**
   * The most bytes to read and drop.
   * @default 16_777_216
   */
  readonly maxBytes?: number | undefined;
  /**
   * Seconds until the connection is closed.
   * @default 1
   */
  readonly timeout?: number | undefined;
}

/**
 * Reads and drops what is left of a refused request's body, within limits, and closes the connection if that was not all of it.
 *
 * A sender that is cut off while it is still sending may lose the reply. So write the reply first, with `Connection: close`, call
 * this, and end the response when the promise fulfils. Past `maxBytes` the connection is closed as soon as the reply has left,
 * past `timeout` at once; an HTTP/2 request closes its stream only. It never rejects.
 */
export function discardBody(request: NodeRequest, options: DiscardOptions = {}): Promise<void> {
  if (request.readableEnded === true || request.destroyed === true) return Promise.resolve();
  const { maxBytes = 16_777_216, timeout = 1 } = options;
  return new Promise((resolve) => {
    let dropped = 0;
    const onData = (chunk: { readonly length: number }): void => {
      dropped += chunk.length;
      if (dropped <= maxBytes) return;
      request.removeListener("data", onData);
      request.pause();
      closeSoon(request);
    };
    const stop = (): void => {
      clearTimeout(timer);
      request.removeListener("data", onData);
      request.removeListener("end", stop);
      request.removeListener("close", stop);
      resolve();
    };
    const timer = startTimer(timeout, () => {
      stop();
      closeNow(request);
    });
    request.on("error", ignore);
    request.on("end", stop);
    request.on("close", stop);
    request.on("data", onData);
    request.resume();
  });
}

/** Closes the connection once what was written has left. */
function closeSoon(request: NodeRequest): void {
  if (request.stream === undefined && request.socket?.destroySoon) request.socket.destroySoon();
  else closeNow(request);
}

function closeNow(request: NodeRequest): void {
  // RFC 9113, 8.1: a server that has replied may ask with NO_ERROR that the rest be not sent.
  if (request.stream) request.stream.close(0);
  else request.destroy();
}

function ignore(): void {}
