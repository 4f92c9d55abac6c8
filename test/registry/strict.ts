import { createPrivateKey, randomUUID, sign, X509Certificate } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Bed } from "../bed/bed.ts";
import { startDaemon } from "../bed/daemon.ts";
import { canConnect, freePort } from "../bed/ports.ts";
import { run } from "../bed/programs.ts";
import { eventually } from "../bed/wait.ts";

/**
 * A Docker registry with settings of its own, over the storage of a bed's own registry: what is pushed there can be had
 * here.
 * It goes with the bed. Gives its host, `127.0.0.1:<port>`.
 */
export async function openStrict(
  bed: Bed,
  name: string,
  settings: {
    readonly auth?: object;
    readonly tls?: object;
    readonly port?: number;
    /** Makes it a pull-through cache, with a storage of its own, of the registry at this address. */
    readonly cacheOf?: string;
  },
): Promise<string> {
  const port = settings.port ?? (await freePort());
  const host = `127.0.0.1:${port}`;
  const configFile = join(bed.directory, `${name}.yml`);
  const { auth, tls, cacheOf } = settings;
  const config = {
    version: "0.1",
    log: { level: "error" },
    storage: { filesystem: { rootdirectory: join(bed.directory, cacheOf === undefined ? "registry" : name) } },
    http: { addr: host, ...(tls === undefined ? {} : { tls }) },
    ...(cacheOf === undefined ? {} : { proxy: { remoteurl: cacheOf } }),
    ...(auth === undefined ? {} : { auth }),
  };
  await writeFile(configFile, JSON.stringify(config));
  const { directory } = bed;
  const daemon = await startDaemon({ directory, name, command: "docker-registry", args: ["serve", configFile] });
  const isReady = () => {
    if (!daemon.isRunning()) throw new Error(`the registry ended at its start:\n${daemon.log()}`);
    return canConnect(port);
  };
  await eventually(isReady, "the registry to listen", 20_000);
  return host;
}

/** Settings for a registry that knows alice, with the password `wonderland`. */
export async function htpasswd(bed: Bed): Promise<object> {
  const path = join(bed.directory, "htpasswd");
  await writeFile(path, "alice:$2b$05$abcdefghijklmnopqrstuuA0vov2GDneHB3.8.cv9UF9g.RdvScIW\n");
  return { htpasswd: { realm: "Registry Realm", path } };
}

/** Who issues tokens for a registry. */
export interface Issuer {
  /** Settings for a registry that takes this issuer's tokens, which are had from `realm`. */
  readonly auth: (realm: string) => object;
  /** A signed token to pull `repository`; to do nothing where that is undefined. It ends in 300 seconds, unless told. */
  readonly tokenFor: (subject: string, repository: string | undefined, secondsLeft?: number) => string;
}

/**
 * Makes an issuer with an RSA key of its own.
 * https://distribution.github.io/distribution/spec/auth/jwt/
 */
export async function makeIssuer(bed: Bed): Promise<Issuer> {
  const file = (name: string) => join(bed.directory, name);
  await run("openssl", [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", file("issuer.key"), "-out", file("issuer.pem")],
    ...["-subj", "/CN=issuer", "-days", "1"],
  ]);
  const key = createPrivateKey(await readFile(file("issuer.key")));
  const certificate = new X509Certificate(await readFile(file("issuer.pem"))).raw.toString("base64");
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return {
    auth: (realm) => ({ token: { realm, service: "strict", issuer: "issuer", rootcertbundle: file("issuer.pem") } }),
    tokenFor: (subject, repository, secondsLeft = 300) => {
      const now = Math.floor(Date.now() / 1_000);
      const access = repository === undefined ? [] : [{ type: "repository", name: repository, actions: ["pull"] }];
      const times = { exp: now + secondsLeft, nbf: now - 100, iat: now - 100 };
      const claims = { iss: "issuer", sub: subject, aud: "strict", ...times, jti: randomUUID(), access };
      const text = `${part({ typ: "JWT", alg: "RS256", x5c: [certificate] })}.${part(claims)}`;
      return `${text}.${sign("RSA-SHA256", Buffer.from(text), key).toString("base64url")}`;
    },
  };
}
