import { RawBodyError } from "./raw-body-error.js";

/** Refuses more bytes than allowed; also if the limit is no number. */
export function checkSize(bytes: number, maxBytes: number, seen: string): void {
  if (bytes <= maxBytes) return;
  throw new RawBodyError("BODY_TOO_LARGE", `${bytes} bytes ${seen}, ${maxBytes} are allowed; raise maxBytes if such bodies are expected`);
}

/** Refuses fewer bytes than announced. */
export function checkComplete(bytes: number, declared: number | undefined): void {
  if (declared === undefined || bytes >= declared) return;
  throw new RawBodyError("BODY_INCOMPLETE", `the body ended after ${bytes} of ${declared} declared bytes; the sender has to send it again`);
}
