/** What pages and examples speak of and is not installed here: other runtimes, and frameworks that only a recipe needs. */

declare const Deno: {
  readonly env: { get(name: string): string | undefined; toObject(): Record<string, string> };
  serve<Info extends { readonly remoteAddr: { readonly hostname: string } }>(
    options: { readonly port?: number },
    handler: (request: Request, info: Info) => Response | Promise<Response>,
  ): unknown;
};

declare const Bun: {
  serve(options: {
    readonly port?: number;
    fetch?(request: Request, server: BunServer): Promise<Response>;
    readonly routes?: Readonly<Record<string, { POST(request: Request, server: BunServer): Promise<Response> }>>;
  }): unknown;
};
interface BunServer {
  readonly url: URL;
  requestIP(request: Request): { readonly address: string } | null;
}

declare module "$env/static/private" {
  export const STRIPE_SECRET: string;
}

declare module "astro" {
  export type APIRoute = (context: { request: Request }) => Promise<Response>;
}

declare module "astro:env/server" {
  export function getSecret(name: string): string | undefined;
}

declare module "h3" {
  export interface H3Event {
    readonly req: Request;
  }
  export function toWebRequest(event: H3Event): Request;
  export function defineEventHandler(handler: (event: H3Event) => Promise<Response>): unknown;
}

declare module "better-sqlite3" {
  class Database {
    constructor(path: string);
    prepare(sql: string): { get(...values: unknown[]): unknown; run(...values: unknown[]): unknown };
    exec(sql: string): this;
  }
  export = Database;
}
