import type { WebStream } from "./body-source.js";
import type { Collector } from "./collector.js";
import { startTimer, timedOut } from "./deadline.js";
import { RawBodyError } from "./raw-body-error.js";

/** Reads a web stream to its end. A refused stream is cancelled. */
export function readWebStream(
  stream: WebStream,
  collector: Collector,
  timeout: number,
  failure = "the body's stream failed",
): Promise<Uint8Array> {
  const reader = stream.getReader();
  return new Promise((resolve, reject) => {
    const refuse = (error: unknown): void => {
      clearTimeout(timer);
      reject(error);
      // Its own failure has nobody left to tell.
      reader.cancel(error).catch(() => {});
    };
    const onRead = (result: { readonly done: boolean; readonly value?: Uint8Array | undefined }): void => {
      try {
        if (!result.done) {
          collector.add(result.value);
          next();
          return;
        }
        resolve(collector.finish());
        clearTimeout(timer);
      } catch (error) {
        refuse(error);
      }
    };
    const onFailure = (cause: unknown): void => {
      refuse(new RawBodyError("BODY_INCOMPLETE", `${failure} after ${collector.length} bytes; the sender has to send it again`, { cause }));
    };
    const next = (): void => {
      reader.read().then(onRead, onFailure);
    };
    const timer = startTimer(timeout, () => refuse(timedOut(collector, timeout)));
    next();
  });
}
