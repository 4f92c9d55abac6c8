import type { HomeAssistantLogEntry } from "../bed/home-assistant/home-assistant.ts";
import type { Home } from "./home.ts";

/** What Home Assistant says where its broker is away, which is no fault of what was published. */
const brokerIsAway =
  /^(?:Disconnected from MQTT server|Failed to connect to MQTT server|Error returned from MQTT server|Unable to connect to the MQTT broker)/;

/** What the MQTT integration has logged at warning or above since the last look, and all that speaks of Gangway. */
export async function complaintsOf({ homeAssistant }: Home): Promise<readonly string[]> {
  const entries = await homeAssistant.log();
  return entries.filter(isComplaint).map(({ name, level, message }) => `${level} ${name}: ${message.join("; ")}`);
}

function isComplaint({ name, source, message, exception }: HomeAssistantLogEntry): boolean {
  const text = [name, source[0], exception, ...message].join("\n");
  if (message.every((line) => brokerIsAway.test(line))) return false;
  return /mqtt|gangway|template/i.test(text);
}
