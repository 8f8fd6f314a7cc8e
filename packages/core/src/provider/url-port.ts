/** Twilio signs a URL sometimes with its scheme's standard port, sometimes without. Only the authority changes, text for text. */

const AUTHORITY = /^(https?):\/\/([^/?#]*?)(:\d+)?(?=[/?#]|$)/i;

/** Adds the scheme's standard port where the URL names none. */
export function withPort(url: string): string {
  return url.replace(
    AUTHORITY,
    (_, scheme: string, host: string, port?: string) => `${scheme}://${host}${port ?? (scheme.toLowerCase() === "https" ? ":443" : ":80")}`,
  );
}

/** Takes the port off. */
export function withoutPort(url: string): string {
  return url.replace(AUTHORITY, (_, scheme: string, host: string) => `${scheme}://${host}`);
}
