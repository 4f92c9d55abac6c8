import { z } from "zod";
import { isPasswordHash } from "../lib/password.ts";
import { addressRange, listenAddress, origin, section, text, yesOrNo } from "./values.ts";

/** The tools whose HTTP APIs Gangway speaks. */
export const profiles = ["monitor", "watcher", "monkey"] as const;

const secret = (description: string) => text("a text").exactOptional().meta({ description, writeOnly: true });
const ranges = () => z.array(addressRange(), "a list of addresses and ranges");

const Listener = z.strictObject(
  {
    listen: listenAddress().meta({ description: "Where it listens." }),
    profile: z
      .enum(["api", "metrics", ...profiles], listed(["api", "metrics", ...profiles]))
      .prefault("api")
      .meta({
        description:
          "What it serves besides the health routes: `api` all that `http.listen` serves, `metrics` only `/metrics`, the name of a profile only that one.",
      }),
    auth: yesOrNo().exactOptional().meta({
      description: "Ask for a key here, or not; where absent, as `http.auth` says.",
    }),
    allowed_ips: ranges()
      .exactOptional()
      .meta({ description: "Who may come here; where absent, as `http.allowed_ips` says." }),
  },
  section,
);

const NamedKey = z.strictObject(
  {
    name: text("a name").meta({ description: "What the log calls whoever shows the key." }),
    key: text("a text").meta({ description: "The key itself.", writeOnly: true }),
    scopes: z
      .array(z.enum(["read", "control", "admin"], "read, control or admin"), "a list of scopes")
      .min(1, "at least one scope")
      .prefault(["read"])
      .meta({
        description:
          "What it is good for: `read` to look, `control` also to send commands, `admin` also to change settings.",
      }),
    allowed_ips: ranges()
      .exactOptional()
      .meta({ description: "Where it may come from, of those that `http.allowed_ips` lets in; where absent, all." }),
  },
  section,
);

const expectedHash = "what gangway hash-password prints, such as $scrypt$ln=14,r=8,p=5$…";

const User = z.strictObject(
  {
    name: text("a name").meta({ description: "The user's name." }),
    password_hash: z
      .string(expectedHash)
      .refine(isPasswordHash, expectedHash)
      .exactOptional()
      .meta({ description: "The hash of the password, as `gangway hash-password` prints it.", writeOnly: true }),
    password: secret("The password itself, if not `password_hash`. A file with hashes gives no password away."),
  },
  section,
);

const Monkey = z
  .strictObject(
    {
      destructive: yesOrNo().prefault(false).meta({
        description:
          "Serve those of its routes, too, that delete things or restore backups; while this is false they answer 403.",
      }),
    },
    section,
  )
  .prefault({})
  .meta({ description: "What the profile `monkey` may do." });

/** The section `http`. */
export const Http = z
  .strictObject(
    {
      listen: listenAddress().prefault("127.0.0.1:5000").meta({ description: "Where the HTTP server listens." }),
      enabled: yesOrNo().prefault(false).meta({
        description: "Serve the API. While it is off, only the health routes and the settings answer.",
      }),
      auth: yesOrNo().prefault(true).meta({
        description: "Ask for a key. Where there is none, Gangway makes one, keeps it in `settings.json` and says so.",
      }),
      api_key: secret("The key that may do everything."),
      allowed_ips: ranges().prefault(["127.0.0.0/8", "::1"]).meta({
        description: "Addresses and ranges that may come at all; others get 403, and the log names them.",
      }),
      trusted_proxies: ranges().prefault([]).meta({
        description:
          "Proxies whose `X-Forwarded-For` is believed. Without them the address is that of the connection, whatever a request says.",
      }),
      profile: z.enum(profiles, listed(profiles)).prefault("monitor").meta({
        description:
          "The tool whose routes are served beside Gangway's own: `monitor` (Docker Monitor Image), `watcher` (Docker Image Watcher) or `monkey` (Container Monkey).",
      }),
      compat: yesOrNo().prefault(false).meta({
        description: "Serve the routes of every tool, each under `/compat/<profile>`, besides those of `profile`.",
      }),
      users: z.array(User, "a list of users").prefault([]).meta({
        description: "Who may log in with a name and a password, in profiles where that is the way in.",
      }),
      monkey: Monkey,
      keys: z.array(NamedKey, "a list of keys").prefault([]).meta({ description: "More keys, each for a purpose." }),
      listeners: z
        .array(Listener, "a list of listeners")
        .prefault([])
        .meta({ description: "More addresses to listen on, such as one for Prometheus without a key." }),
      cors: z.array(origin(), "a list of origins").prefault([]).meta({
        description: "Origins of web pages that may use the API from a browser, such as `https://dashboard.example`.",
      }),
    },
    section,
  )
  .prefault({})
  .meta({ description: "The HTTP server." });

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
