import type { Answer } from "@countersign/testing/conformance";

/** What a handler does after its answer, if anything. */
export async function afterwards(answer: Answer): Promise<void> {
  if (typeof answer === "object") await answer.after?.();
}
