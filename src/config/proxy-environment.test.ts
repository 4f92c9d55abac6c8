import { describe, expect, it } from "vitest";
import { load, problemsOf } from "../../test/configuration.ts";
import { createSecrets } from "../lib/log.ts";
import { proxiesFrom } from "./proxy-environment.ts";

function read(environment: Readonly<Record<string, string>>) {
  const { https, http, except } = proxiesFrom(environment).proxies;
  return { https: https?.href, http: http?.href, except };
}

describe("proxiesFrom", () => {
  it.each<[string, Readonly<Record<string, string>>, object]>([
    ["nothing", {}, { https: undefined, http: undefined, except: "" }],
    [
      "one for each",
      { HTTPS_PROXY: "http://a:1", HTTP_PROXY: "http://b:2" },
      { https: "http://a:1/", http: "http://b:2/" },
    ],
    ["the plain one for both", { HTTP_PROXY: "http://b:2" }, { https: "http://b:2/", http: "http://b:2/" }],
    ["the secure one for TLS only", { HTTPS_PROXY: "http://a:1" }, { https: "http://a:1/", http: undefined }],
    ["lower case first", { https_proxy: "http://low", HTTPS_PROXY: "http://up" }, { https: "http://low/" }],
    ["empty as absent", { https_proxy: "", HTTPS_PROXY: "http://up" }, { https: "http://up/" }],
    ["an address without scheme", { HTTPS_PROXY: "proxy.lan:3128" }, { https: "http://proxy.lan:3128/" }],
    ["a proxy with TLS", { HTTPS_PROXY: "https://proxy.lan" }, { https: "https://proxy.lan/" }],
    ["exceptions", { NO_PROXY: "up", no_proxy: " .lan, 10.0.0.0/8 " }, { except: ".lan, 10.0.0.0/8" }],
  ])("reads %s", (_name, environment, expected) => {
    expect(read(environment)).toMatchObject(expected);
    expect(proxiesFrom(environment).problems).toEqual([]);
  });

  it.each(["socks5://proxy.lan:1080", "http://", "http://me:secret-%zz@proxy.lan", "file:///secret-text"])(
    "stops the start without quoting it where HTTPS_PROXY is %s",
    (value) => {
      const expected =
        "HTTPS_PROXY: expected a proxy's address such as http://proxy.example:3128, found something else";

      expect(problemsOf({ environment: { HTTPS_PROXY: value } })).toEqual([expected]);
    },
  );

  it("keeps a proxy's password out of the log, in each form", () => {
    const secrets = createSecrets();
    load({ secrets, environment: { https_proxy: "http://me:won%20der@proxy.lan" } });
    const basic = Buffer.from("me:won der").toString("base64");

    expect(secrets.redact(`won%20der won der ${basic} proxy.lan`)).toBe("*** *** *** proxy.lan");
  });
});
