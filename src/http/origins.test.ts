import { describe, expect, it } from "vitest";
import { pageOf } from "./origins.ts";

const cors = ["https://dash.example"];

describe("a page", () => {
  it.each([
    // [Host, Origin, Sec-Fetch-Site, with a key, without]
    // A script by a name, or a page without TLS that reads by the name it was opened by.
    ["nas.example:8080", undefined, undefined, "none", "untold"],
    ["nas.example:8080", undefined, "none", "none", "untold"],
    [undefined, undefined, undefined, "none", "untold"],
    ["192.0.2.7:8080", undefined, undefined, "none", "none"],
    ["[2001:db8::7]", undefined, undefined, "none", "none"],
    ["localhost:8080", undefined, "none", "none", "none"],
    ["gangway:8080", undefined, undefined, "none", "none"],
    ["gangway:8080", "http://gangway:8080", undefined, "own", "own"],
    ["DASH.example", undefined, undefined, "none", "none"],
    ["dash.example:81", undefined, undefined, "none", "untold"],
    ["nas.example:8080", undefined, "cross-site", "foreign", "foreign"],
    ["nas.example:8080", undefined, "same-site", "foreign", "foreign"],
    ["nas.example:8080", "https://evil.example", undefined, "foreign", "foreign"],
    ["nas.example:8080", "null", undefined, "foreign", "foreign"],
    ["nas.example:8080", "https://dash.example", "cross-site", "allowed", "allowed"],
    ["192.0.2.7:8080", "http://192.0.2.7:8080", undefined, "own", "own"],
    ["[2001:db8::7]:8080", "http://[2001:db8::7]:8080", undefined, "own", "own"],
    ["localhost:8080", "http://localhost:8080", "same-origin", "own", "own"],
    ["LOCALHOST", "http://localhost", undefined, "own", "own"],
    // A name of somebody's, which may lead here only since the page is open.
    ["evil.example:8080", "http://evil.example:8080", undefined, "own", "foreign"],
    ["evil.example:8080", "http://evil.example:8080", "same-origin", "own", "foreign"],
    ["evil.example:8080", undefined, "same-origin", "own", "foreign"],
    ["localhost.evil.example", "http://localhost.evil.example", undefined, "own", "foreign"],
    ["192.0.2.7.evil.example", "http://192.0.2.7.evil.example", undefined, "own", "foreign"],
    ["dash.example", "https://dash.example", "same-origin", "own", "allowed"],
    // A proxy has changed the name.
    ["127.0.0.1:8080", "https://nas.example", "same-origin", "own", "own"],
    [undefined, "http://evil.example", "same-origin", "own", "foreign"],
  ] as const)("at %s from %s (%s) is %s, and %s where no key is asked for", (host, origin, site, asked, open) => {
    expect(pageOf({ host, origin, site }, cors, false)).toBe(asked);
    expect(pageOf({ host, origin, site }, cors, true)).toBe(open);
  });
});
