import { describe, expect, it } from "vitest";
import { alice, basicOf, openClient } from "../registry/client.ts";
import { openScripted, type Script, type Scripted } from "../registry/scripted.ts";

const digest = `sha256:${"a".repeat(64)}`;
const found: Scripted = { status: 200, headers: { "docker-content-digest": digest } };

function challenge(header: string): Scripted {
  return { status: 401, headers: { "www-authenticate": header } };
}

/** A registry with a token server at `/token`, whose answers are `answer`'s. */
function guarded(
  answer: (request: Parameters<Script>[0], count: number) => Scripted,
  isGood: (token: string) => boolean,
) {
  let count = 0;
  const script: Script = (request) => {
    const { url, authorization = "" } = request;
    if (url.pathname === "/token") {
      count += 1;
      return answer(request, count);
    }
    const header = `Bearer realm="http://${url.host}/token",service="registry",scope="repository:user/image:pull"`;
    return isGood(authorization.replace("Bearer ", "")) ? found : challenge(header);
  };
  return script;
}

function token(value: object): Scripted {
  return { status: 200, body: JSON.stringify(value) };
}

describe("a token", () => {
  it.each<[string, object]>([
    ["token", { token: "good-token" }],
    ["access_token", { access_token: "good-token" }],
    ["access_token beside an empty token", { token: "", access_token: "good-token" }],
    ["token with all that it may have", { token: "good-token", expires_in: 300, issued_at: "2026-01-01T00:00:00Z" }],
    ["token with a lifetime that makes no sense", { token: "good-token", expires_in: "soon", access_token: null }],
  ])("is taken from %s, asked for in Gangway's own words, and kept out of the log", async (_name, answer) => {
    await using server = await openScripted(
      guarded(
        () => token(answer),
        (shown) => shown === "good-token",
      ),
    );
    await using client = openClient();

    expect(await client.digestOf(`${server.host}/some/image:1`)).toBe(digest);
    expect(server.seen.map(({ method, url }) => `${method} ${url.pathname}`)).toEqual([
      "HEAD /v2/some/image/manifests/1",
      "GET /token",
      "HEAD /v2/some/image/manifests/1",
    ]);
    expect(Object.fromEntries(server.seen[1]?.url.searchParams ?? [])).toEqual({
      service: "registry",
      scope: "repository:some/image:pull",
    });
    expect(client.secrets.redact("good-token")).toBe("***");
  });

  it("is kept until shortly before its end, for its repository only, and then forgotten", async () => {
    await using server = await openScripted(
      guarded(
        (_request, count) => token({ token: `token-${count}`, expires_in: 300 }),
        () => false,
      ),
    );
    await using good = await openScripted(
      guarded(
        (_request, count) => token({ token: `token-${count}`, expires_in: 300 }),
        (shown) => shown.startsWith("token-"),
      ),
    );
    await using client = openClient();
    const tokensAsked = () => good.seen.filter(({ url }) => url.pathname === "/token").length;

    await client.digestOf(`${good.host}/one:1`);
    await client.digestOf(`${good.host}/one:2`);
    expect(tokensAsked()).toBe(1);
    await client.digestOf(`${good.host}/two:1`);
    expect(tokensAsked()).toBe(2);
    // The challenge is known by now: the token is had before the image is asked about.
    expect(good.seen).toHaveLength(6);
    client.advance(291_000);
    await client.digestOf(`${good.host}/one:1`);
    expect(tokensAsked()).toBe(3);
    expect(client.secrets.redact("token-1 token-2 token-3")).toBe("token-1 token-2 ***");

    await expect(client.digestOf(`${server.host}/one`)).rejects.toMatchObject({ code: "registry_denied" });
    expect(server.seen).toHaveLength(3);
  });

  it.each<[string, object]>([
    ["says nothing of its end", { token: "good" }],
    ["ends sooner than any may", { token: "good", expires_in: 5 }],
  ])("that %s is kept for a minute, but for a margin", async (_name, answer) => {
    await using server = await openScripted(
      guarded(
        () => token(answer),
        (shown) => shown === "good",
      ),
    );
    await using client = openClient();
    const asked = () => server.seen.filter(({ url }) => url.pathname === "/token").length;

    await client.digestOf(`${server.host}/image`);
    client.advance(45_000);
    await client.digestOf(`${server.host}/image`);
    expect(asked()).toBe(1);
    client.advance(5_000);
    await client.digestOf(`${server.host}/image`);
    expect(asked()).toBe(2);
  });

  it("is renewed where the registry no longer takes it", async () => {
    let good = "token-1";
    await using server = await openScripted(
      guarded(
        () => token({ token: good, expires_in: 3_600 }),
        (shown) => shown === good,
      ),
    );
    await using client = openClient();
    await client.digestOf(`${server.host}/image`);
    good = "token-2";

    expect(await client.digestOf(`${server.host}/image`)).toBe(digest);
    expect(server.seen).toHaveLength(6);
  });

  it.each<[string, Scripted, string]>([
    ["a web page", { status: 200, body: "<html></html>" }, "registry_answer_invalid"],
    ["no token", token({ token: null }), "registry_answer_invalid"],
    ["a token that no header can carry", token({ token: "a\r\nb: c" }), "registry_answer_invalid"],
    ["a fault", { status: 500 }, "registry_failed"],
    ["another address, in circles", { status: 302, headers: { location: "/token" } }, "registry_answer_invalid"],
    ["a refusal", { status: 403 }, "registry_denied"],
  ])("is not had from a server that gives %s", async (_name, answer, code) => {
    await using server = await openScripted(
      guarded(
        () => answer,
        () => false,
      ),
    );
    await using client = openClient();

    await expect(client.digestOf(`${server.host}/image`)).rejects.toMatchObject({ code });
  });

  it("is not fetched from an address that is no web server's", async () => {
    await using server = await openScripted(() => challenge('Bearer realm="file:///etc/passwd",service="x"'));
    await using client = openClient();

    await expect(client.digestOf(`${server.host}/image`)).rejects.toMatchObject({
      code: "registry_answer_invalid",
      message: expect.stringContaining("token server"),
    });
  });

  it("is asked for again where the registry has been set right", async () => {
    let realm = "file:///etc/passwd";
    await using server = await openScripted(({ url, authorization }) => {
      if (url.pathname === "/token") return token({ token: "good" });
      return authorization === "Bearer good" ? found : challenge(`Bearer realm="${realm}"`);
    });
    await using client = openClient();
    await expect(client.digestOf(`${server.host}/image`)).rejects.toThrow();
    realm = `http://${server.host}/token`;

    expect(await client.digestOf(`${server.host}/image`)).toBe(digest);
  });

  it.each([400, 401, 404, 405])("is had as anybody where an identity token is answered with %i", async (status) => {
    await using server = await openScripted(
      guarded(
        ({ method }) => (method === "POST" ? { status } : token({ token: "anybodys" })),
        (shown) => shown === "anybodys",
      ),
    );
    await using client = openClient({ credentials: () => ({ kind: "identity_token", token: "identity-token" }) });

    expect(await client.digestOf(`${server.host}/image`)).toBe(digest);
    expect(client.lines).toHaveLength(1);
  });

  it("of the configuration is shown as it is, once the registry asks for one", async () => {
    await using server = await openScripted(
      guarded(
        () => ({ status: 500 }),
        (shown) => shown === "registry-token",
      ),
    );
    await using client = openClient({ credentials: () => ({ kind: "registry_token", token: "registry-token" }) });

    expect(await client.digestOf(`${server.host}/image`)).toBe(digest);
    expect(server.seen.map(({ authorization }) => authorization)).toEqual([undefined, "Bearer registry-token"]);
  });
});

describe("two challenges in one header", () => {
  const header = (host: string) =>
    `Bearer realm="http://${host}/v2/token",service="container_registry",scope="*",Basic realm="http://${host}/v2",service="container_registry",scope="*"`;

  it("are answered with a token, as anybody or with credentials", async () => {
    await using server = await openScripted(({ url, authorization }) => {
      if (url.pathname === "/v2/token") return token({ token: authorization === undefined ? "anybody" : "alices" });
      return authorization?.startsWith("Bearer ") ? found : challenge(header(url.host));
    });
    await using stranger = openClient();
    await using client = openClient({ credentials: () => alice });

    expect(await stranger.digestOf(`${server.host}/image`)).toBe(digest);
    expect(await client.digestOf(`${server.host}/image`)).toBe(digest);
    expect(server.seen.map(({ authorization }) => authorization)).toEqual([
      undefined,
      undefined,
      "Bearer anybody",
      undefined,
      basicOf("alice", "wonderland"),
      "Bearer alices",
    ]);
  });
});

describe("credentials", () => {
  it("are not shown to a host that the registry redirects to", async () => {
    await using store = await openScripted(({ authorization }) =>
      authorization === undefined ? found : { status: 400, body: "Only one auth mechanism allowed" },
    );
    await using server = await openScripted(({ authorization }) =>
      authorization === undefined
        ? challenge('Basic realm="x"')
        : { status: 307, headers: { location: `http://localhost:${store.port}/store?signature=x` } },
    );
    await using client = openClient({ credentials: () => alice });

    expect(await client.digestOf(`${server.host}/image`)).toBe(digest);
    expect(server.seen.at(-1)?.authorization).toBe(basicOf("alice", "wonderland"));
    expect(store.seen).toMatchObject([{ method: "HEAD", authorization: undefined }]);
  });

  it("are not shown to such a host even where it asks for them", async () => {
    await using thief = await openScripted(({ url, authorization }) => {
      if (url.pathname === "/token") return token({ token: "thiefs" });
      const both = `Basic realm="x", Bearer realm="http://${url.host}/token"`;
      return authorization === "Bearer thiefs" ? found : challenge(both);
    });
    await using server = await openScripted(() => ({
      status: 307,
      headers: { location: `http://localhost:${thief.port}/v2/` },
    }));
    await using client = openClient({ credentials: () => alice });

    expect(await client.digestOf(`${server.host}/image`)).toBe(digest);
    expect(thief.seen.map(({ authorization }) => authorization)).toEqual([undefined, undefined, "Bearer thiefs"]);
  });

  it("are not shown to a token server elsewhere, which the log and the error say", async () => {
    await using elsewhere = await openScripted(() => token({ token: "anybodys" }));
    const realm = `http://localhost:${elsewhere.port}/token`;
    await using server = await openScripted(({ url, authorization }) =>
      authorization === "Bearer anybodys" && url.pathname.includes("public")
        ? found
        : challenge(`Bearer realm="${realm}",service="x"`),
    );
    await using client = openClient({ credentials: () => alice });

    expect(await client.digestOf(`${server.host}/public`)).toBe(digest);
    await expect(client.digestOf(`${server.host}/private`)).rejects.toMatchObject({
      code: "registry_denied",
      message: expect.stringContaining("wants its credentials shown to localhost"),
    });
    expect(elsewhere.seen.every(({ authorization }) => authorization === undefined)).toBe(true);
    expect(client.lines).toHaveLength(1);
    expect(JSON.parse(client.lines[0] ?? "")).toMatchObject({ registry: server.host, tokenServer: "localhost" });
  });

  it("are shown to a token server elsewhere that is set for the registry, but not to where that redirects", async () => {
    await using far = await openScripted(() => token({ token: "good" }));
    await using elsewhere = await openScripted(() => ({
      status: 307,
      headers: { location: `http://127.0.0.1:${far.port}/token` },
    }));
    const realm = `http://localhost:${elsewhere.port}/token`;
    await using server = await openScripted(({ authorization }) =>
      authorization === "Bearer good" ? found : challenge(`Bearer realm="${realm}",service="x"`),
    );
    await using client = openClient({
      credentials: () => alice,
      registries: [{ host: server.host, tokenHost: "localhost" }],
    });

    expect(await client.digestOf(`${server.host}/image`)).toBe(digest);
    expect(elsewhere.seen).toMatchObject([{ authorization: basicOf("alice", "wonderland") }]);
    expect(far.seen).toMatchObject([{ authorization: undefined }]);
    expect(client.lines).toEqual([]);
  });

  it("that have no access to a public image do not hide it, and stay in use", async () => {
    await using server = await openScripted(({ url, authorization }) => {
      if (url.pathname === "/token") return token({ token: authorization === undefined ? "anybodys" : "alices" });
      if (authorization === undefined) return challenge(`Bearer realm="http://${url.host}/token"`);
      const isPublic = url.pathname.includes("public");
      return isPublic === (authorization === "Bearer anybodys") ? found : { status: 403 };
    });
    await using client = openClient({ credentials: () => alice });

    expect(await client.digestOf(`${server.host}/public`)).toBe(digest);
    expect(await client.digestOf(`${server.host}/hers`)).toBe(digest);
    expect(client.lines).toEqual([]);
    expect(await client.registry.credentialsFor(server.host)).toEqual(alice);
  });

  it("stand in no error and no line of the log", async () => {
    await using server = await openScripted(() => challenge('Basic realm="x"'));
    await using client = openClient({ credentials: () => alice });
    const failure: unknown = await client.digestOf(`${server.host}/image`).catch((error: unknown) => error);

    expect(failure).toMatchObject({ code: "registry_denied" });
    const text = JSON.stringify([failure, String(failure), client.lines]);
    expect(text).not.toContain("wonderland");
    expect(text).not.toContain(basicOf("alice", "wonderland").slice("Basic ".length));
    expect(client.lines).toHaveLength(1);
  });
});

describe("a registry that is the front of another", () => {
  it("is followed there, where a token is asked for", async () => {
    await using behind = await openScripted(({ url, authorization }) => {
      if (url.pathname === "/token") return token({ token: "anybodys" });
      return authorization === "Bearer anybodys" ? found : challenge(`Bearer realm="http://${url.host}/token?a=b"`);
    });
    await using front = await openScripted(({ url }) => ({
      status: 307,
      headers: { location: `http://localhost:${behind.port}${url.pathname}` },
    }));
    await using client = openClient();

    expect(await client.digestOf(`${front.host}/linuxserver/image`)).toBe(digest);
    expect(await client.digestOf(`${front.host}/linuxserver/image`)).toBe(digest);
    expect(behind.seen.map(({ url }) => url.pathname)).toEqual([
      "/v2/linuxserver/image/manifests/latest",
      "/token",
      "/v2/linuxserver/image/manifests/latest",
      "/v2/linuxserver/image/manifests/latest",
    ]);
    expect(behind.seen[1]?.url.search).toBe("?a=b&scope=repository%3Alinuxserver%2Fimage%3Apull");
  });
});
