// Whom commands in a container trust. The platform reads HTTPS with certificates of an authority that it makes for each container and
// puts there at the start, or soon after. Programs look for authorities in places of their own, so there is one file with the system's
// and that one, and variables that name it. Both files are always there, also where the platform has put none.
// https://developers.cloudflare.com/containers/configuration/outbound-traffic/#trust-the-ca-certificate
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface CertificateSources {
  /** Of Debian's ca-certificates. */
  system: string;
  /** Of the platform. */
  platform: string;
}

const SOURCES: CertificateSources = {
  system: "/etc/ssl/certs/ca-certificates.crt",
  platform: "/etc/cloudflare/certs/cloudflare-containers-ca.crt",
};
/** In place of the system's authorities. */
const NAMES_OF_ALL = [
  ...["SSL_CERT_FILE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CARGO_HTTP_CAINFO"],
];

export class Certificates {
  /** What commands need in their environment. The same as long as the container lives. */
  readonly env: Readonly<Record<string, string>>;
  readonly #directory: string;
  readonly #sources: CertificateSources;
  #platform: string | undefined;

  /** `directory` is made; nobody but this process's user may write there. */
  constructor(directory: string, sources: CertificateSources = SOURCES) {
    this.#directory = directory;
    this.#sources = sources;
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    const [all, extra] = [join(directory, "all.pem"), join(directory, "platform.pem")];
    // Node has authorities of its own, and adds these.
    this.env = { ...Object.fromEntries(NAMES_OF_ALL.map((name) => [name, all])), NODE_EXTRA_CA_CERTS: extra };
    this.refresh();
  }

  /** Before commands run: the platform may have put its authority there since. Throws where the files cannot be written. */
  refresh(): void {
    const platform = readIfThere(this.#sources.platform);
    if (platform === this.#platform) return;
    this.#write("platform.pem", platform);
    this.#write("all.pem", `${readIfThere(this.#sources.system)}\n${platform}`);
    this.#platform = platform;
  }

  /** All of them together, PEM. */
  all(): string {
    this.refresh();
    return readFileSync(join(this.#directory, "all.pem"), "utf8");
  }

  /** Never half: a command of the turn before may be reading it. */
  #write(name: string, text: string): void {
    const path = join(this.#directory, name);
    writeFileSync(`${path}.new`, text, { mode: 0o644 });
    renameSync(`${path}.new`, path);
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
