import { connect } from "node:net";
import type { SignedEvent } from "./signed-event.js";

/** A request as bytes: nothing is left to do for the load generator than to write it. */
export function toRequest({ rawHeaders, body }: SignedEvent): Buffer {
  let head = "POST /webhooks HTTP/1.1\r\n";
  for (let i = 0; i < rawHeaders.length; i += 2) head += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
  return Buffer.concat([Buffer.from(`${head}\r\n`, "latin1"), body]);
}

/**
 * Sends every request once, each as soon as one of the kept connections is free. It is this plain so that the server, not the load
 * generator, is what is busy; and it never sleeps, since waking it would be on the server's account.
 *
 * @throws Error if any answer is no 200
 */
export function sendAll(port: number, requests: readonly Buffer[], connections: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let next = 0;
    let open = connections;
    const stayAwake = (): void => {
      if (open > 0) setImmediate(stayAwake);
    };
    stayAwake();
    for (let i = 0; i < connections; i++) {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      let answer = "";
      const sendNext = (): void => {
        const request = requests[next++];
        if (request !== undefined) socket.write(request);
        else socket.end();
      };
      socket.setEncoding("latin1");
      socket.on("connect", sendNext);
      socket.on("data", (text: string) => {
        answer += text;
        if (!isWhole(answer)) return;
        if (!answer.startsWith("HTTP/1.1 200 ")) reject(new Error(`a genuine delivery is answered ${answer.slice(0, 200)}`));
        answer = "";
        sendNext();
      });
      socket.on("error", reject);
      socket.on("close", () => {
        if (answer !== "" || next < requests.length) reject(new Error(`a connection was closed early, after ${JSON.stringify(answer)}`));
        if (--open === 0) resolve();
      });
    }
  });
}

/** Whether an answer has arrived to its end. */
function isWhole(answer: string): boolean {
  const head = answer.indexOf("\r\n\r\n");
  if (head < 0) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(answer);
  if (length !== null && length.index < head) return answer.length >= head + 4 + Number(length[1]);
  return /\r\ntransfer-encoding: *chunked/i.test(answer.slice(0, head)) ? answer.endsWith("\r\n0\r\n\r\n") : true;
}
