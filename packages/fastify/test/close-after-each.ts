import { afterEach, beforeEach, expect } from "vitest";

export interface Closable {
  close(): PromiseLike<unknown>;
}

/** Closes what is pushed to the list after each test of the file, and fails a test that left an error unhandled. */
export function closeAfterEach(): Closable[] {
  const closing: Closable[] = [];
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown): unknown => unhandled.push(reason);

  beforeEach(() => {
    process.on("unhandledRejection", onUnhandled);
    process.on("uncaughtException", onUnhandled);
  });
  afterEach(async () => {
    await Promise.all(closing.splice(0).map((app) => app.close()));
    await new Promise(setImmediate);
    process.off("unhandledRejection", onUnhandled);
    process.off("uncaughtException", onUnhandled);
    expect(unhandled.splice(0)).toEqual([]);
  });
  return closing;
}
