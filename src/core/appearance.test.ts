import { describe, expect, it } from "vitest";
import { appearanceFrom } from "./appearance.ts";

const icon = (name: string): object => ({ kind: "icon", icon: name });
const picture = (url: string): object => ({ kind: "picture", url });

describe("the appearance of a container", () => {
  it.each([
    ["an icon", { "gangway.icon": "mdi:web" }, icon("mdi:web")],
    ["an icon as other tools write it", { "gangway.icon": " MDI-home-assistant " }, icon("mdi:home-assistant")],
    ["a picture", { "gangway.icon": "https://x.example/a b.png?c" }, picture("https://x.example/a%20b.png?c")],
    ["What's Up Docker's icon", { "wud.display.icon": "mdi:docker" }, icon("mdi:docker")],
    ["Unraid's picture", { "net.unraid.docker.icon": "http://x.example/i.png" }, picture("http://x.example/i.png")],
    ["Homepage's icon, without its colour", { "homepage.icon": "mdi-flask-#f0d453" }, icon("mdi:flask")],
    ["ours above all", { "gangway.icon": "mdi:web", "wud.display.icon": "mdi:docker" }, icon("mdi:web")],
    ["the next that makes sense", { "gangway.icon": "web", "wud.display.icon": "mdi:docker" }, icon("mdi:docker")],
  ])("is %s", (_, labels, expected) => {
    expect(appearanceFrom(labels)).toEqual(expected);
  });

  it.each([
    "",
    "web",
    "web.png",
    "mdi:",
    "mdi:Ü",
    "mdi:a b",
    "si:docker",
    "/icons/web.png",
    "https://",
    "https://user:secret@x.example/i.png",
    "javascript:alert(1)",
    "data:image/png;base64,AAAA",
    "file:///etc/passwd",
    `https://x.example/${"y".repeat(2_048)}`,
  ])("is nobody's choice for %j", (text) => {
    expect(appearanceFrom({ "gangway.icon": text })).toBeUndefined();
  });
});
