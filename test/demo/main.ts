/** Three real servers accept and refuse deliveries. Ends with 0 only if each came out as it should. */
import { runDemo } from "./run-demo.js";
import { startServers } from "./servers.js";
import { wantsColor } from "./table.js";

const servers = await startServers();
process.exitCode = await runDemo(servers, { write: console.log, color: wantsColor(process.stdout, process.env) });
await Promise.all(servers.map(({ close }) => close()));
