// What globalSetup and its lab hand to the pool's options and to the tests.
export interface Provided {
  labUrl: string;
  /** The fake model; ends in /v1. */
  modelUrl: string;
  /** The only key that the fake model takes. */
  apiKey: string;
  /** The OpenID Connect provider. */
  oidcUrl: string;
  githubUrl: string;
}

/** A process host for one workerd. */
export interface BenchDescription {
  id: string;
  /** Where the Worker is to listen: the agents' model gateway. */
  workerPort: number;
  hostUrl: string;
  hostToken: string;
}

declare module "vitest" {
  export interface ProvidedContext extends Provided {}
}
