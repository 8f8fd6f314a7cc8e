import { Ignitor } from "@adonisjs/core";

const root = new URL("../", import.meta.url);
const importer = (path) => (path.startsWith("./") || path.startsWith("../") ? import(new URL(path, root).href) : import(path));

await new Ignitor(root, { importer }).httpServer().start();
