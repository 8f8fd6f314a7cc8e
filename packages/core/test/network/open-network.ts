import { createNetwork, type NetworkNotice, type NetworkOptions } from "../../src/network/network.js";

/** Makes a network and keeps what it says. @param nodeEnv - `"unset"` leaves NODE_ENV out. */
export const open = (options: object, nodeEnv = "production") => {
  const notices: NetworkNotice[] = [];
  const network = createNetwork(options as NetworkOptions, (notice) => notices.push(notice), {
    nodeEnv: nodeEnv === "unset" ? undefined : nodeEnv,
  });
  return { notices, check: network.check };
};
