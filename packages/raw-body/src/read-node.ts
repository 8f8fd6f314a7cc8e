import type { NodeStream } from "./body-source.js";
import type { Collector } from "./collector.js";
import { startTimer, timedOut } from "./deadline.js";
import { RawBodyError } from "./raw-body-error.js";

/**
 * Reads a Node stream that nobody has read yet.
 *
 * A refused stream is left paused, so that nothing more of it is taken into memory, and keeps one listener that swallows later
 * errors: an abort after the refusal must not bring the process down.
 */
export function readNodeStream(stream: NodeStream, collector: Collector, timeout: number): Promise<Uint8Array> {
  if (stream.readableEncoding) {
    throw new RawBodyError(
      "BODY_ALREADY_PARSED",
      `the body's stream yields ${stream.readableEncoding} instead of bytes; remove what decodes it (setEncoding, a transform)`,
    );
  }
  if (stream.destroyed === true || stream.aborted === true) throw endedEarly(collector);
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      stream.removeListener("data", onData);
      stream.removeListener("end", onEnd);
      stream.removeListener("error", onError);
      stream.removeListener("close", onClose);
    };
    const refuse = (error: unknown): void => {
      stop();
      stream.pause();
      stream.on("error", ignore);
      reject(error);
    };
    const onData = (chunk: unknown): void => {
      try {
        collector.add(chunk);
      } catch (error) {
        refuse(error);
      }
    };
    const onEnd = (): void => {
      stop();
      try {
        // a reset under HTTP/2 looks like a regular end, too
        if (stream.aborted === true) throw endedEarly(collector);
        resolve(collector.finish());
      } catch (error) {
        reject(error);
      }
    };
    const onError = (error: unknown): void => refuse(endedEarly(collector, error));
    // After `end` and `error` it finds no listener; alone it means that the stream was destroyed half-way.
    const onClose = (): void => refuse(endedEarly(collector));
    const timer = startTimer(timeout, () => refuse(timedOut(collector, timeout)));
    stream.on("end", onEnd);
    stream.on("error", onError);
    stream.on("close", onClose);
    stream.on("data", onData);
    // A data listener starts a new stream, but not one that somebody has paused.
    if (stream.readableFlowing === false) stream.resume();
  });
}

function endedEarly({ progress }: Collector, cause?: unknown): RawBodyError {
  return new RawBodyError("BODY_INCOMPLETE", `the request was aborted after ${progress}; the sender hung up, or a proxy in between did`, {
    cause,
  });
}

function ignore(): void {}
