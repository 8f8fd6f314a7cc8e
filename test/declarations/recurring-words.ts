/** Words that many declarations share. */
export const hmac = { algorithm: "hmac-sha256", secret: "utf8" } as const;
export const overBody = { ...hmac, content: "{body}" } as const;
export const token = { algorithm: "token", secret: "utf8" } as const;
