/** As the provider of the tests knows us. */
export const OIDC_CLIENT = { id: "codex", secret: "the-secret-of-the-client-at-the-provider" };
export const GITHUB_CLIENT = { id: "github-client", secret: "the-secret-of-the-github-client" };
