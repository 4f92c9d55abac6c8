import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { makeCertificate } from "../bed/certificate.ts";
import { canBeNative } from "../bed/packages.ts";
import { eventually } from "../bed/wait.ts";
import { alice, basicOf, openClient } from "../registry/client.ts";
import { type Kind, mediaTypes, push } from "../registry/push.ts";
import { openScripted, type Script } from "../registry/scripted.ts";
import { htpasswd, type Issuer, makeIssuer, openStrict } from "../registry/strict.ts";

const kinds = Object.keys(mediaTypes) as readonly Kind[];

describe("a registry that is open to everybody", () => {
  let bed: Bed;
  beforeAll(async () => {
    bed = await openBed({ registry: true });
  });
  afterAll(() => bed[Symbol.asyncDispose]());

  it.each(kinds)("tells the digest of a tag that stands for %s, by one HEAD request", async (kind) => {
    const { registry } = bed;
    const digest = await push(registry, "some/image", kind.toLowerCase(), kind);
    const image = `${registry.host}/some/image:${kind.toLowerCase()}`;
    await using client = openClient();

    expect(await client.digestOf(image)).toBe(digest);
    registry.clearRequests();
    expect(await client.digestOf(image)).toBe(digest);
    expect(registry.requests()).toMatchObject([{ method: "HEAD", status: 200 }]);
  });

  it("tells the new digest once the tag was moved", async () => {
    const { registry } = bed;
    const old = await push(registry, "moved", "latest", "dockerManifest");
    await using client = openClient();
    expect(await client.digestOf(`${registry.host}/moved`)).toBe(old);

    const digest = await push(registry, "moved", "latest", "ociIndex");
    expect(await client.digestOf(`${registry.host}/moved`)).toBe(digest);
    expect(digest).not.toBe(old);
  });

  it.each(["some/image:missing", "nobody/knows:1"])("has no %s, and says so", async (image) => {
    const { registry } = bed;
    await push(registry, "some/image", "1", "ociManifest");
    await using client = openClient();

    await expect(client.digestOf(`${registry.host}/${image}`)).rejects.toMatchObject({
      code: "registry_not_found",
      transient: false,
      message: `${registry.host} has no ${registry.host}/${image}; check the image's name and tag`,
    });
  });

  it("is unreachable while it is down, and asked again when it is back", async () => {
    const { registry } = bed;
    const digest = await push(registry, "some/image", "2", "ociManifest");
    await using client = openClient();
    await registry.stop();
    await expect(client.digestOf(`${registry.host}/some/image:2`)).rejects.toMatchObject({
      code: "registry_unreachable",
      transient: true,
      message: `${registry.host} cannot be reached (ECONNREFUSED); check its address and the network`,
    });

    await registry.start();
    expect(await client.digestOf(`${registry.host}/some/image:2`)).toBe(digest);
  });

  it("is not asked without TLS where that is not allowed", async () => {
    const { registry } = bed;
    await using client = openClient({ isInsecure: () => false });
    registry.clearRequests();

    await expect(client.digestOf(`${registry.host}/some/image:1`)).rejects.toMatchObject({
      code: "registry_unreachable",
      message: expect.stringContaining("set insecure"),
    });
    expect(registry.requests()).toEqual([]);
  });
});

describe("a registry with TLS and an authority of its own", () => {
  let bed: Bed;
  let image: string;
  let digest: string;
  let ca: string;
  beforeAll(async () => {
    bed = await openBed({ registry: { tls: true } });
    digest = await push(bed.registry, "some/image", "1", "ociIndex");
    image = `${bed.registry.host}/some/image:1`;
    ca = await readFile(bed.registry.caFile ?? "", "utf8");
  });
  afterAll(() => bed[Symbol.asyncDispose]());

  it("is believed with the authority that is set for it, whatever the engine takes", async () => {
    const { host } = bed.registry;
    await using client = openClient({ registries: [{ host, ca }] });
    await using other = openClient({ registries: [{ host, ca }], isInsecure: () => true });

    expect(await client.digestOf(image)).toBe(digest);
    expect(await other.digestOf(image)).toBe(digest);
  });

  it("is not believed without", async () => {
    await using client = openClient({ isInsecure: () => false });

    await expect(client.digestOf(image)).rejects.toMatchObject({
      code: "registry_unreachable",
      message: expect.stringMatching(/^The certificate of 127\.0\.0\.1:\d+ is not trusted \([A-Z_]+\); set ca_file/),
    });
  });

  it("is believed with any certificate where it may be insecure, by one request", async () => {
    await using client = openClient();
    expect(await client.digestOf(image)).toBe(digest);
    bed.registry.clearRequests();

    expect(await client.digestOf(image)).toBe(digest);
    expect(bed.registry.requests()).toHaveLength(1);
  });
});

describe.skipIf(!canBeNative(["registry"]))("a registry that guards itself", () => {
  let bed: Bed;
  let digest: string;
  beforeAll(async () => {
    bed = await openBed({ registry: true, kind: "native" });
    digest = await push(bed.registry, "private/image", "1", "ociIndex");
    await push(bed.registry, "public/image", "1", "ociIndex");
  });
  afterAll(() => bed[Symbol.asyncDispose]());

  it("takes name and password by Basic", async () => {
    const host = await openStrict(bed, "basic", { auth: await htpasswd(bed) });
    await using client = openClient({ credentials: () => alice });
    await using stranger = openClient();
    const wrong = { kind: "password", username: "alice", password: "looking-glass" } as const;
    await using impostor = openClient({ credentials: () => wrong });

    expect(await client.digestOf(`${host}/private/image:1`)).toBe(digest);
    await expect(stranger.digestOf(`${host}/private/image:1`)).rejects.toMatchObject({
      code: "registry_denied",
      message: expect.stringContaining("docker login"),
    });
    await expect(impostor.digestOf(`${host}/private/image:1`)).rejects.toMatchObject({
      code: "registry_denied",
      message: expect.stringContaining("rejected its credentials"),
    });
  });

  describe("with tokens, over TLS", () => {
    let issuer: Issuer;
    let ca: string;
    let certificate: { key: string; cert: string };
    let tls: object;
    beforeAll(async () => {
      issuer = await makeIssuer(bed);
      const made = await makeCertificate(bed.directory);
      certificate = made;
      ca = await readFile(made.caFile, "utf8");
      tls = { certificate: join(bed.directory, "tls.pem"), key: join(bed.directory, "tls.key") };
    });

    it("is found again where it has spoken plain HTTP before", async () => {
      const plain = await openScripted(() => ({
        status: 200,
        headers: { "docker-content-digest": `sha256:${"a".repeat(64)}` },
      }));
      await using client = openClient();
      await client.digestOf(`${plain.host}/private/image:1`);
      await plain[Symbol.asyncDispose]();
      const host = await openStrict(bed, "tls", { tls, port: plain.port });

      expect(await client.digestOf(`${host}/private/image:1`)).toBe(digest);
    });

    /** Lets everybody pull `public/…` and alice all, as the usual token servers do. */
    const tokenServer: Script = ({ url, authorization, method, body }) => {
      const asked = method === "POST" ? new URLSearchParams(body) : url.searchParams;
      const isAlice = authorization === basicOf("alice", "wonderland") || asked.get("refresh_token") === "alice's";
      if (!isAlice && (authorization !== undefined || method === "POST")) return { status: 401 };
      const repository = /^repository:(?<name>.+):pull$/.exec(asked.get("scope") ?? "")?.groups?.["name"];
      const isGranted = isAlice || repository?.startsWith("public/") === true;
      const subject = isAlice ? "alice" : "";
      const token = issuer.tokenFor(subject, isGranted ? repository : undefined);
      return { status: 200, body: JSON.stringify({ access_token: token }) };
    };

    it("gives everybody what is public, and alice what is hers", async () => {
      await using server = await openScripted((request) => tokenServer(request), certificate);
      const host = await openStrict(bed, "token", { auth: issuer.auth(`https://${server.host}/token`), tls });
      const registries = [{ host, ca }];
      await using stranger = openClient({ registries });
      await using client = openClient({ registries, credentials: () => alice });

      expect(await stranger.digestOf(`${host}/public/image:1`)).toMatch(/^sha256:/);
      await expect(stranger.digestOf(`${host}/private/image:1`)).rejects.toMatchObject({ code: "registry_denied" });
      expect(await client.digestOf(`${host}/private/image:1`)).toBe(digest);
      expect(server.seen[0]?.url.searchParams.get("service")).toBe("strict");

      const asked = server.seen.length;
      expect(await client.digestOf(`${host}/private/image:1`)).toBe(digest);
      expect(server.seen).toHaveLength(asked);
    });

    it("gives a token for an identity token", async () => {
      await using server = await openScripted((request) => tokenServer(request), certificate);
      const host = await openStrict(bed, "identity", { auth: issuer.auth(`https://${server.host}/token`), tls });
      const identity = { kind: "identity_token", token: "alice's" } as const;
      await using client = openClient({ registries: [{ host, ca }], credentials: () => identity });

      expect(await client.digestOf(`${host}/private/image:1`)).toBe(digest);
      expect(server.seen).toMatchObject([{ method: "POST", authorization: undefined }]);
      expect(new URLSearchParams(server.seen[0]?.body).get("grant_type")).toBe("refresh_token");
    });

    it("gives another token where the registry no longer takes one that should still be good", async () => {
      // The registry grants a minute more than the token says: this one ends there in two seconds, and here in minutes.
      let secondsLeft = -58;
      await using server = await openScripted(() => {
        const access_token = issuer.tokenFor("alice", "private/image", secondsLeft);
        return { status: 200, body: JSON.stringify({ access_token, expires_in: 300 }) };
      }, certificate);
      const host = await openStrict(bed, "expired", { auth: issuer.auth(`https://${server.host}/token`), tls });
      await using client = openClient({ registries: [{ host, ca }], credentials: () => alice });
      expect(await client.digestOf(`${host}/private/image:1`)).toBe(digest);
      expect(server.seen).toHaveLength(1);

      secondsLeft = 300;
      const isRenewed = async () => {
        expect(await client.digestOf(`${host}/private/image:1`)).toBe(digest);
        return server.seen.length > 1;
      };
      await eventually(isRenewed, "the token to end", 20_000);
      expect(server.seen).toHaveLength(2);
      expect(client.lines).toEqual([]);
    });

    it("shows a public image in spite of wrong credentials, which are mentioned once and kept away for an hour", async () => {
      await using server = await openScripted((request) => tokenServer(request), certificate);
      const host = await openStrict(bed, "wrong", { auth: issuer.auth(`https://${server.host}/token`), tls });
      const wrong = { kind: "password", username: "alice", password: "looking-glass" } as const;
      await using client = openClient({ registries: [{ host, ca }], credentials: () => wrong });
      const image = `${host}/public/image:1`;
      const shown = () => server.seen.filter(({ authorization }) => authorization !== undefined).length;

      expect(await client.registry.credentialsFor(host)).toEqual(wrong);
      await client.digestOf(image);
      await client.digestOf(image);
      expect(shown()).toBe(1);
      expect(await client.registry.credentialsFor(host)).toBeUndefined();
      expect(client.lines).toHaveLength(1);
      expect(JSON.parse(client.lines[0] ?? "")).toMatchObject({ level: 40, registry: host, username: "alice" });
      await expect(client.digestOf(`${host}/private/image:1`)).rejects.toMatchObject({
        code: "registry_denied",
        message: expect.stringContaining("rejected its credentials"),
      });

      client.advance(3_600_000);
      await client.digestOf(image);
      expect(shown()).toBe(2);
      expect(client.lines).toHaveLength(1);
    });
  });
});
