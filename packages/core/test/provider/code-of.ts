import { openAcme } from "../acme-verifier.js";
import type { Words } from "./acme.js";

/** Answers the code that a delivery is refused with, or "accepted". */
export const codeOf = async (
  words: Words,
  headers: Parameters<ReturnType<typeof openAcme>["verify"]>[0],
  body = "x",
  config?: object,
): Promise<string> => {
  const event = await openAcme(words, {}, config).verify(headers, body);
  return typeof event === "string" ? event : "accepted";
};
