import { z } from "zod";
import { restoreBody } from "../requests/restore.ts";

const Wish = z.strictObject(restoreBody);
export type RestoreWish = z.output<typeof Wish>;

/** What `--volumes` takes. */
export const volumeKinds: readonly string[] = restoreBody.volumes.unwrap().options;

/** The options of `gangway restore`, as `parseArgs` has them. */
interface Typed {
  readonly name?: string | undefined;
  readonly volumes?: string | undefined;
  readonly port?: readonly string[] | undefined;
  readonly start?: boolean | undefined;
}

const mistakes: Readonly<Record<string, string>> = {
  name: "--name takes the name of a container.",
  volumes: `--volumes takes ${volumeKinds.join(", ")}.`,
  ports: "--port takes a port of the container and one of the host: 80/tcp=8081.",
};

/** Understands them, or says which one it does not. */
export function restoreWishFrom({
  name,
  volumes,
  port = [],
  start,
}: Typed):
  | { readonly kind: "wish"; readonly wish: RestoreWish }
  | { readonly kind: "mistake"; readonly message: string } {
  const ports = port.length === 0 ? undefined : Object.fromEntries(port.map((pair) => pairFrom(pair)));
  const { data, error } = Wish.safeParse({ name, volumes, ports, start });
  if (data !== undefined) return { kind: "wish", wish: data };
  return { kind: "mistake", message: mistakes[String(error.issues[0]?.path[0])] ?? "The arguments make no sense." };
}

/** `80=8081` is of TCP. */
function pairFrom(pair: string): readonly [string, string] {
  const [inside = "", outside = ""] = pair.split("=", 2);
  return [inside.includes("/") ? inside : `${inside}/tcp`, outside];
}
