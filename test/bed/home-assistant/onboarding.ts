import { z } from "zod";
import { restAt } from "./rest.ts";
import { openSocket } from "./socket.ts";

/** Who the bed is in Home Assistant. */
export const owner = { name: "Bed", username: "bed", password: "of straw" };

/** Does a new Home Assistant answer, and ask who its owner is to be? */
export function asksForOwner(url: string): Promise<boolean> {
  return restAt(url)
    .get("/api/onboarding", z.array(z.object({ step: z.string(), done: z.boolean() })))
    .then(
      (steps) => steps.some(({ step, done }) => step === "user" && !done),
      () => false,
    );
}

/** Makes the owner, ends the other first-run pages and gives an access token that lasts a day. */
export async function onboard(url: string): Promise<string> {
  const client_id = `${url}/`;
  const anonymous = restAt(url);
  const user = { ...owner, client_id, language: "en" };
  const { auth_code } = await anonymous.post("/api/onboarding/users", user, z.object({ auth_code: z.string() }));
  const grant = new URLSearchParams({ grant_type: "authorization_code", code: auth_code, client_id });
  const { access_token } = await anonymous.post("/auth/token", grant, z.object({ access_token: z.string() }));
  const rest = restAt(url, access_token);
  await rest.post("/api/onboarding/analytics", {}, z.unknown());
  await rest.post("/api/onboarding/integration", { client_id, redirect_uri: client_id }, z.unknown());
  using socket = await openSocket(url, access_token);
  const lasting = { type: "auth/long_lived_access_token", client_name: "bed", lifespan: 1 };
  return await socket.ask(lasting, z.string());
}

const Flow = z.object({
  type: z.string(),
  flow_id: z.string(),
  data_schema: z.array(z.object({ name: z.string() })).optional(),
  errors: z.record(z.string(), z.string()).nullish(),
});

/** Sets up Home Assistant's MQTT integration for a broker on 127.0.0.1, as its page for that would. */
export async function connectToBroker(url: string, token: string, port: number): Promise<void> {
  const rest = restAt(url, token);
  const flows = "/api/config/config_entries/flow";
  const { flow_id, data_schema = [] } = await rest.post(flows, { handler: "mqtt" }, Flow);
  const asks = (name: string): boolean => data_schema.some((field) => field.name === name);
  const answers = {
    broker: "127.0.0.1",
    port,
    ...(asks("protocol") ? { protocol: "5" } : {}),
    ...(asks("other_settings")
      ? { other_settings: { set_client_cert: false, set_ca_cert: "off", transport: "tcp" } }
      : {}),
  };
  const { type, errors } = await rest.post(`${flows}/${flow_id}`, answers, Flow);
  if (type !== "create_entry") throw new Error(`Home Assistant does not take the broker: ${JSON.stringify(errors)}`);
}
