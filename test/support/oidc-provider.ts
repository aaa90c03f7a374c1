// A real OpenID Connect provider (npm: oidc-provider) on loopback, where whoever comes is who they say. The login name says how
// it behaves: `ada` gets what the provider made; `ada+<defect>` gets an ID token with one thing wrong.
import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import Provider from "oidc-provider";
import { freePort } from "../../src/cli/dev/ports.ts";
import { OIDC_CLIENT } from "./identity-clients.ts";

export interface RunningProvider {
  url: string;
  close(): Promise<void>;
}

const KEY_ID = "key-of-the-tests";

interface Defect {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
  signature(signed: string): Buffer;
}

export async function startOidcProvider(redirectUris = ["https://codex.example/sign-in/oidc/callback"]) {
  const url = `http://127.0.0.1:${await freePort()}`;
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const provider = quietly(() => createProvider(url, privateKey, redirectUris));
  provider.use(async (context, next) => {
    await next();
    if (context.path !== "/token" || typeof context.body !== "object" || context.body === null) return;
    const body = context.body as { id_token?: string }; // the provider's answer
    if (body.id_token !== undefined) body.id_token = withDefect(body.id_token, privateKey, publicKey);
  });
  const server = createServer(provider.callback());
  server.listen(Number(new URL(url).port), "127.0.0.1");
  await once(server, "listening");
  return {
    url,
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  } satisfies RunningProvider;
}

/** It warns that it is set up as for a test. */
function quietly<T>(work: () => T): T {
  const { warn } = console;
  console.warn = () => {};
  try {
    return work();
  } finally {
    console.warn = warn;
  }
}

function createProvider(url: string, privateKey: KeyObject, redirect_uris: string[]): Provider {
  return new Provider(url, {
    clients: [
      {
        client_id: OIDC_CLIENT.id,
        client_secret: OIDC_CLIENT.secret,
        redirect_uris,
        id_token_signed_response_alg: "RS256",
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: KEY_ID, use: "sig", alg: "RS256" }] },
    pkce: { required: () => true },
    claims: { email: ["email", "email_verified"], profile: ["name"] },
    ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
    cookies: { keys: ["only for tests"] },
    findAccount: (_context, login) => ({
      accountId: login,
      claims: () => ({
        sub: login,
        name: login,
        email: `${login.split("+")[0]}@example.com`,
        email_verified: !login.startsWith("unverified"),
      }),
    }),
  });
}

function withDefect(idToken: string, privateKey: KeyObject, publicKey: KeyObject): string {
  const [header = {}, claims = {}] = idToken
    .split(".", 2)
    .map((part) => JSON.parse(Buffer.from(part, "base64url").toString()));
  const defect = defects({ header, claims }, privateKey, publicKey)[String(claims.sub).split("+")[1] ?? ""];
  if (defect === undefined) return idToken;
  const signed = [defect.header ?? header, defect.claims ?? claims].map(encode).join(".");
  const signature = defect.signature ?? ((text: string) => sign("RSA-SHA256", Buffer.from(text), privateKey));
  return `${signed}.${signature(signed).toString("base64url")}`;
}

/** Unless a defect is in the signature, the token is signed as it should be. */
function defects(
  { header, claims }: Pick<Defect, "header" | "claims">,
  privateKey: KeyObject,
  publicKey: KeyObject,
): Record<string, Partial<Defect>> {
  const hmac = (key: string | Buffer) => (text: string) => createHmac("sha256", key).update(text).digest();
  const hs256 = { header: { ...header, alg: "HS256" } };
  const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const { nonce: _, ...withoutNonce } = claims;
  return {
    "alg-none": { header: { ...header, alg: "none" }, signature: () => Buffer.alloc(0) },
    unsigned: { signature: () => Buffer.alloc(0) },
    "hmac-with-secret": { ...hs256, signature: hmac(OIDC_CLIENT.secret) },
    "hmac-with-public-key": { ...hs256, signature: hmac(publicKey.export({ format: "pem", type: "spki" })) },
    "strange-key": { signature: (text) => sign("RSA-SHA256", Buffer.from(text), stranger) },
    "own-key-in-header": {
      header: {
        ...header,
        kid: undefined,
        jwk: generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" }),
      },
      signature: (text) => sign("RSA-SHA256", Buffer.from(text), stranger),
    },
    "changed-subject": {
      claims: { ...claims, sub: "bob" },
      signature: () => sign("RSA-SHA256", Buffer.from("other"), privateKey),
    },
    "other-issuer": { claims: { ...claims, iss: "https://evil.example" } },
    "other-nonce": { claims: { ...claims, nonce: "of-another-sign-in" } },
    "no-nonce": { claims: withoutNonce },
    "other-audience": { claims: { ...claims, aud: "another-client" } },
    "two-audiences": { claims: { ...claims, aud: [OIDC_CLIENT.id, "another-client"], azp: "another-client" } },
    expired: { claims: { ...claims, exp: 1_000_000_000 } },
    "no-subject": { claims: { ...claims, sub: undefined } },
  };
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
