import { toFailedStatus } from "@countersign/core/adapter";

/** Answers a response as it is, unless it says success: then it fails. */
export function withoutSuccess(response: Response): Response {
  const status = toFailedStatus(response.status);
  return status === response.status ? response : new Response(response.body, { status, headers: response.headers });
}

/** Hono answers a route's only handler that rejects with what `catch` makes of it, and sets no `c.res`: a success from there is none. */
export class FailingPromise<T> extends Promise<T> {
  override catch<R = never>(onRejected?: ((reason: unknown) => R | PromiseLike<R>) | null): Promise<T | R> {
    if (typeof onRejected !== "function") return super.catch(onRejected);
    return super.catch(async (reason) => {
      const answer = await onRejected(reason);
      return answer instanceof Response ? (withoutSuccess(answer) as R) : answer;
    });
  }
}
