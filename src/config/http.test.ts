import { describe, expect, it } from "vitest";
import { loaded, problemsOf } from "../../test/configuration.ts";
import { createSecrets } from "../lib/log.ts";
import { maskedConfig } from "./mask.ts";

describe("the HTTP section", () => {
  it("reads keys and listeners", () => {
    const yaml = `
http:
  allowed_ips: [192.168.1.9/24, "fe80::/10"]
  keys: [{ name: phone, key: first-secret }, { name: shop, key: second-secret, scopes: [control], allowed_ips: [10.0.0.7] }]
  listeners: [{ listen: "[::1]:9100", profile: metrics, auth: false }, { listen: "127.0.0.1:0" }, { listen: "127.0.0.1:0" }]
  cors: [https://dash.example, "http://192.0.2.7:8123", "*"]
`;

    expect(loaded({ yaml }).http).toMatchObject({
      allowedIps: ["192.168.1.9/24", "fe80::/10"],
      keys: [
        { name: "phone", scopes: ["read"] },
        { name: "shop", scopes: ["control"], allowedIps: ["10.0.0.7"] },
      ],
      listeners: [{ profile: "metrics", auth: false }, { profile: "api" }, { profile: "api" }],
    });
    expect(maskedConfig(loaded({ yaml }))).not.toContain("secret");
  });

  it("has its keys kept out of the log", () => {
    const secrets = createSecrets();
    loaded({ secrets, yaml: "http: { api_key: first-secret, keys: [{ name: phone, key: second-secret }] }\n" });

    expect(secrets.redact("first-secret second-secret")).toBe("*** ***");
  });

  it("refuses what cannot be meant, with its place, and without the keys", () => {
    const problems = problemsOf({
      yaml: `http:
  listen: 127.0.0.1:5000
  api_key: the-secret
  allowed_ips: [10.0.0.0/33]
  trusted_proxies: [proxy.example]
  cors: [https://dash.example/]
  keys:
    - { name: phone, key: the-secret }
    - { name: phone, key: other-secret, scopes: [write] }
    - { name: late, key: other-secret, scopes: [] }
  listeners:
    - listen: 127.0.0.1:5000
      profile: gui
`,
    });

    expect(problems.map((problem) => problem.replace("config.yaml:", ""))).toEqual([
      expect.stringMatching(
        /^4:17: http\.allowed_ips\[0\]: expected an IP address or a range such as .*, found "10\.0\.0\.0\/33"$/,
      ),
      expect.stringMatching(/^5:21: http\.trusted_proxies\[0\]: expected an IP address .*, found "proxy\.example"$/),
      expect.stringMatching(
        /^6:10: http\.cors\[0\]: expected an origin such as .*, found "https:\/\/dash\.example\/"$/,
      ),
      "8:27: http.keys[0].key: expected another key than the others, and than http.api_key, found the same one",
      "9:15: http.keys[1].name: expected another name for each key, found one that another key has",
      expect.stringMatching(/^9:50: http\.keys\[1\]\.scopes\[0\]: expected read, control or admin, found "write"$/),
      "10:26: http.keys[2].key: expected another key than the others, and than http.api_key, found the same one",
      expect.stringMatching(/^10:48: http\.keys\[2\]\.scopes: expected at least one scope/),
      "12:15: http.listeners[0].listen: expected another address for each listener, and than http.listen, found one that another listens on",
      expect.stringMatching(
        /^13:16: http\.listeners\[0\]\.profile: expected api, metrics, monitor, watcher or monkey, found "gui"$/,
      ),
    ]);
    expect(problems.join()).not.toContain("secret");
  });

  it("reads users, and keeps what they log in with to itself", () => {
    const hash = "$scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";
    const secrets = createSecrets();
    const yaml = `http: { users: [{ name: ann, password_hash: "${hash}" }, { name: bob, password: his-secret }] }\n`;
    const config = loaded({ yaml, secrets });

    expect(config.http.users).toEqual([
      { name: "ann", passwordHash: hash },
      { name: "bob", password: "his-secret" },
    ]);
    expect(maskedConfig(config)).not.toMatch(/secret|scrypt/);
    expect(secrets.redact(`${hash} his-secret`)).toBe("*** ***");
  });

  it("refuses users that could not log in, or not be told apart", () => {
    const problems = problemsOf({
      yaml: `http:
  users:
    - { name: ann, password_hash: plain }
    - { name: ann, password: first }
    - { name: bob }
    - { name: eve, password: first, password_hash: "$scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg" }
`,
    });

    expect(problems.map((problem) => problem.replace(/^config\.yaml:\d+:\d+: /, ""))).toEqual([
      expect.stringMatching(/^http\.users\[0\]\.password_hash: expected what gangway hash-password prints, such as /),
      "http.users[1].name: expected another name for each user, found one that another user has",
      "http.users[2].password_hash: expected either password_hash or password, found neither",
      "http.users[3].password_hash: expected either password_hash or password, found both",
    ]);
  });

  it.each<[Readonly<Record<string, string>>, readonly object[]]>([
    [{ AUTH_USER: "ann", AUTH_PASS: "one" }, [{ name: "ann", password: "one" }]],
    [
      { AUTH_USER: "ann", AUTH_PASS: "one", WEBUI_USER: "bob", WEBUI_PASSWORD: "two" },
      [
        { name: "ann", password: "one" },
        { name: "bob", password: "two" },
      ],
    ],
    // One of the two alone is nothing, as in those tools.
    [{ AUTH_USER: "ann", WEBUI_PASSWORD: "two" }, [{ name: "file", password: "three" }]],
    [{ GUI_ENABLED: "true" }, [{ name: "file", password: "three" }]],
    [
      { AUTH_USER: "ann", AUTH_PASS: "one", GANGWAY_HTTP__USERS: '[{"name":"own","password":"four"}]' },
      [{ name: "own", password: "four" }],
    ],
  ])("makes users of other tools' variables: %j", (environment, users) => {
    const yaml = "http: { users: [{ name: file, password: three }] }\n";

    expect(loaded({ yaml, environment }).http.users).toEqual(users);
  });

  it("has a profile at the root, and others where they are asked for", () => {
    const yaml = "http: { compat: true, listeners: [{ listen: '127.0.0.1:5001', profile: monitor }] }\n";

    expect(loaded().http).toMatchObject({ profile: "monitor", compat: false });
    expect(loaded({ yaml }).http).toMatchObject({ compat: true, listeners: [{ profile: "monitor" }] });
  });

  it("understands the names of Docker Monitor Image", () => {
    const environment = {
      API_ENABLED: "TRUE",
      AUTH_ENABLED: "0",
      API_KEY: "abc",
      ALLOWED_IPS: "192.168.0.0/16, 10.0.0.1",
      SETTINGS_PATH: "/data/settings.json",
    };

    expect(loaded({ environment })).toMatchObject({
      settingsPath: "/data/settings.json",
      http: { enabled: true, auth: false, apiKey: "abc", allowedIps: ["192.168.0.0/16", "10.0.0.1"] },
    });
  });
});
