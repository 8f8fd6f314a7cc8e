import { readFileSync } from "node:fs";

/** A delivery that a provider's documentation or SDK publishes, with its signature. */
export interface Vector {
  readonly provider: string;
  readonly name: string;
  readonly origin: string;
  readonly option: "secret" | "publicKey";
  readonly key: string;
  /** When it was signed, in epoch milliseconds. */
  readonly at?: number;
  readonly method: string;
  readonly url?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One a line. */
export const vectors: readonly Vector[] = readFileSync(new URL("./vectors.jsonl", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as Vector);
