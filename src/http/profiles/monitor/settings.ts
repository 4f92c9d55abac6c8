import { z } from "zod";
import type { Caller } from "../../access.ts";
import type { AccessStore, AccessWish } from "../../settings.ts";
import { type Answer, ok } from "./answers.ts";

/** What stands for a key that is not shown. */
const mask = "********";
const nobody = { address: "", shown: null };

const expectedKey = "api_key is a text of 8 to 256 characters";

/** What the page of Docker Monitor Image sends: other members are nothing to us. */
const Wish = z.object({
  api_enabled: z.boolean("api_enabled is true or false").optional(),
  auth_enabled: z.boolean("auth_enabled is true or false").optional(),
  api_key: z
    .string(expectedKey)
    .refine((key) => key === "" || (key.length >= 8 && key.length <= 256), expectedKey)
    .optional(),
  generate_api_key: z.boolean("generate_api_key is true or false").optional(),
  allowed_cidrs: z
    .union([z.string().max(16_000), z.array(z.string().max(64)).max(200)], "allowed_cidrs is a list of addresses")
    .optional(),
});

export function settingsAnswer(access: AccessStore): Answer {
  return ok(shownSettings(access, undefined));
}

/** Changes what is given, and leaves the rest: an empty body changes nothing. */
export async function changeSettings(access: AccessStore, body: unknown, caller: Caller | null): Promise<Answer> {
  const parsed = Wish.safeParse(body);
  if (!parsed.success) return refused(400, `${parsed.error.issues[0]?.message ?? "The body makes no sense"}.`);
  const wish = wishFrom(parsed.data);
  const changed = await access.change(wish, caller ?? nobody);
  if (changed.kind === "refused") return refused(409, changed.reason);
  return ok({ ...shownSettings(access, changed.newKey ?? wish.apiKey), ok: true });
}

function refused(status: number, reason: string): Answer {
  return { status, body: { error: "settings_refused", message: `${reason} Nothing was changed.`, ok: false } };
}

/** `key`: the one that this caller has just given or been given. */
function shownSettings(access: AccessStore, key: string | undefined): object {
  const { enabled, auth, apiKey, allowedIps } = access.current();
  return {
    allowed_cidrs: allowedIps,
    api_enabled: enabled,
    api_key: apiKey === undefined ? "" : (key ?? mask),
    auth_enabled: auth,
  };
}

function wishFrom(wish: z.output<typeof Wish>): AccessWish {
  const { api_enabled: enabled, auth_enabled: auth, api_key: apiKey, allowed_cidrs: ranges } = wish;
  const allowedIps = typeof ranges === "string" ? ranges.split(/[,\n]/) : ranges;
  return {
    ...(enabled === undefined ? {} : { enabled }),
    ...(auth === undefined ? {} : { auth }),
    ...(apiKey === undefined || apiKey === "" || apiKey === mask ? {} : { apiKey }),
    ...(wish.generate_api_key === true ? { generateApiKey: true } : {}),
    ...(allowedIps === undefined ? {} : { allowedIps: allowedIps.map((range) => range.trim()).filter(Boolean) }),
  };
}
