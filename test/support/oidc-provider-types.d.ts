// As much of the package as the tests use: it comes without types.
declare module "oidc-provider" {
  import type { RequestListener } from "node:http";

  interface ProviderContext {
    path: string;
    body: unknown;
  }

  export default class Provider {
    constructor(issuer: string, configuration: Configuration);
    use(middleware: (context: ProviderContext, next: () => Promise<void>) => Promise<void>): void;
    callback(): RequestListener;
  }

  interface Configuration {
    clients: readonly object[];
    jwks: { keys: readonly object[] };
    pkce: { required: () => boolean };
    claims: Readonly<Record<string, readonly string[]>>;
    ttl: Readonly<Record<string, number>>;
    cookies: { keys: readonly string[] };
    findAccount(
      context: unknown,
      login: string,
    ): { accountId: string; claims(): { sub: string; name: string; email: string; email_verified: boolean } };
  }
}
