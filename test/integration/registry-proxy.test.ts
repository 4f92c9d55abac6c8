import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { makeCertificate } from "../bed/certificate.ts";
import { openClient } from "../registry/client.ts";
import { openProxy } from "../registry/proxy.ts";
import { push } from "../registry/push.ts";
import { openScripted, type Scripted } from "../registry/scripted.ts";

const found: Scripted = { status: 200, headers: { "docker-content-digest": `sha256:${"a".repeat(64)}` } };
const image = "registry.test/some/image:1";
const never = { isInsecure: () => false };

describe("through a proxy", () => {
  let bed: Bed;
  let digest: string;
  let ca: string;
  beforeAll(async () => {
    bed = await openBed({ registry: { tls: true } });
    digest = await push(bed.registry, "some/image", "1", "ociIndex");
    ca = await readFile(bed.registry.caFile ?? "", "utf8");
  });
  afterAll(() => bed[Symbol.asyncDispose]());

  it("a registry is reached by a tunnel, and believed with the authority that is set for it", async () => {
    await using proxy = await openProxy({ "registry.test:443": bed.registry.port });
    const proxies = { https: proxy.url, except: "" };
    await using client = openClient({ ...never, proxies, registries: [{ host: "registry.test", ca }] });

    for (let count = 0; count < 4; count += 1) expect(await client.digestOf(image)).toBe(digest);
    expect(new Set(proxy.asked)).toEqual(new Set(["CONNECT registry.test:443"]));
    expect(proxy.asked.length).toBeLessThanOrEqual(2);
  });

  it("a registry is not believed without", async () => {
    await using proxy = await openProxy({ "registry.test:443": bed.registry.port });
    const proxies = { https: proxy.url, except: "" };
    await using client = openClient({ ...never, proxies });

    await expect(client.digestOf(image)).rejects.toMatchObject({
      code: "registry_unreachable",
      message: expect.stringMatching(/^The certificate of registry\.test is not trusted/),
    });
  });

  it("a registry that may be insecure is taken with any certificate", async () => {
    await using proxy = await openProxy({ "registry.test:443": bed.registry.port });
    const proxies = { https: proxy.url, except: "" };
    await using client = openClient({ proxies, registries: [{ host: "registry.test", insecure: true }] });

    expect(await client.digestOf(image)).toBe(digest);
  });

  it("its credentials are shown, and stand in no log and no error", async () => {
    const credentials = "me:through-the-looking-glass";
    await using proxy = await openProxy({ "registry.test:443": bed.registry.port }, credentials);
    const wishes = { ...never, registries: [{ host: "registry.test", ca }] };
    await using client = openClient({ ...wishes, proxies: { https: proxy.url, except: "" } });
    const wrong = new URL(proxy.url.href.replace("through", "behind"));
    await using impostor = openClient({ ...wishes, proxies: { https: wrong, except: "" } });

    expect(await client.digestOf(image)).toBe(digest);
    const failure: unknown = await impostor.digestOf(image).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "registry_unreachable",
      transient: true,
      message:
        `The proxy ${proxy.host} gives no connection to registry.test; ` +
        "check the proxy's rules and the credentials for it, or name the host in NO_PROXY",
    });
    const text = [failure, (failure as Error).cause, ...client.lines, ...impostor.lines].map(String).join("\n");
    expect(text).not.toContain("looking-glass");
  });
});

describe("a proxy", () => {
  it("is asked for plain HTTP as well, where the registry speaks nothing else", async () => {
    await using server = await openScripted(() => found);
    await using proxy = await openProxy({ "registry.test:80": server.port });
    const proxies = { http: proxy.url, https: proxy.url, except: "" };
    await using client = openClient({ proxies, registries: [{ host: "registry.test", insecure: true }] });

    expect(await client.digestOf(image)).toMatch(/^sha256:a/);
    expect(proxy.asked).toEqual(["CONNECT registry.test:443", "HEAD http://registry.test/v2/some/image/manifests/1"]);
  });

  it("that wants credentials for plain HTTP is named", async () => {
    await using server = await openScripted(() => found);
    await using proxy = await openProxy({ "registry.test:80": server.port }, "me:secret");
    const bare = new URL(`http://${proxy.host}`);
    const proxies = { http: bare, https: bare, except: "" };
    await using client = openClient({ proxies, registries: [{ host: "registry.test", insecure: true }] });

    await expect(client.digestOf(image)).rejects.toMatchObject({
      code: "registry_unreachable",
      message: expect.stringContaining(`The proxy ${proxy.host} gives no connection`),
    });
  });

  it("is left out for what NO_PROXY names, and for this machine", async () => {
    await using server = await openScripted(() => found);
    await using proxy = await openProxy({});
    const proxies = { http: proxy.url, https: proxy.url, except: "registry.test" };
    await using client = openClient({ proxies, registries: [{ host: "registry.test", insecure: true }] });

    expect(await client.digestOf(`${server.host}/image`)).toMatch(/^sha256:a/);
    await expect(client.digestOf(image)).rejects.toMatchObject({
      message: expect.stringMatching(/^registry\.test cannot be reached \(/),
    });
    expect(proxy.asked).toEqual([]);
  });

  it("that does not know the host, or is not there, is named", async () => {
    const proxy = await openProxy({});
    const proxies = { https: proxy.url, except: "" };
    await using client = openClient({ ...never, proxies });

    await expect(client.digestOf(image)).rejects.toMatchObject({
      message: expect.stringContaining(`The proxy ${proxy.host} gives no connection to registry.test`),
    });
    await proxy[Symbol.asyncDispose]();
    await expect(client.digestOf(image)).rejects.toMatchObject({
      code: "registry_unreachable",
      message: `registry.test cannot be reached through the proxy ${proxy.host} (ECONNREFUSED); check its address and the proxy's`,
    });
  });

  it("is used for the token server, too", async () => {
    const directory = await mkdtemp(join(tmpdir(), "registry-proxy-"));
    const certificate = await makeCertificate(directory);
    const ca = await readFile(certificate.caFile, "utf8");
    await rm(directory, { recursive: true });
    await using server = await openScripted(({ url, authorization }) => {
      if (url.pathname === "/token") return { status: 200, body: '{"token":"good"}' };
      const header = 'Bearer realm="https://registry.test/token",service="x"';
      return authorization === "Bearer good" ? found : { status: 401, headers: { "www-authenticate": header } };
    }, certificate);
    await using proxy = await openProxy({ "registry.test:443": server.port });
    const proxies = { https: proxy.url, except: "" };
    await using client = openClient({ ...never, proxies, registries: [{ host: "registry.test", ca }] });

    expect(await client.digestOf(image)).toMatch(/^sha256:a/);
    expect(server.seen).toHaveLength(3);
  });
});
