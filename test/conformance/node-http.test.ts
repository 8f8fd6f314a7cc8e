import { driveHarness } from "./drive-harness.js";
import { nodeHttp } from "./harnesses/node-http.js";

driveHarness(nodeHttp);
