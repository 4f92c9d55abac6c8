import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bed, openBed } from "../bed/bed.ts";
import { makeCertificate } from "../bed/certificate.ts";
import { canBeNative } from "../bed/packages.ts";
import { run } from "../bed/programs.ts";
import { openClient } from "../registry/client.ts";
import { push } from "../registry/push.ts";
import { openStrict } from "../registry/strict.ts";

/*
 * The directory in which the engine looks for what it trusts in registries, and what it shows them.
 */

describe.skipIf(!canBeNative(["registry"]))("a registry that demands client certificates", () => {
  let bed: Bed;
  let host: string;
  let digest: string;
  /** As `/etc/docker/certs.d`. */
  let certificates: string;
  const file = (name: string) => join(bed.directory, name);
  const own = (name: string) => join(certificates, host, name);
  const secure = () => openClient({ certificates, isInsecure: () => false });

  beforeAll(async () => {
    bed = await openBed({ registry: true, kind: "native" });
    digest = await push(bed.registry, "some/image", "1", "ociIndex");
    await makeCertificate(bed.directory);
    await run("openssl", [
      ...["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=gangway"],
      ...["-keyout", file("client.key"), "-out", file("client.csr")],
    ]);
    await run("openssl", [
      ...["x509", "-req", "-in", file("client.csr"), "-CA", file("ca.pem"), "-CAkey", file("ca.key")],
      ...["-CAcreateserial", "-out", file("client.pem"), "-days", "1"],
    ]);
    host = await openStrict(bed, "certified", {
      tls: { certificate: file("tls.pem"), key: file("tls.key"), clientcas: [file("ca.pem")] },
    });
    certificates = file("certs.d");
    await mkdir(join(certificates, host), { recursive: true });
    await copyFile(file("ca.pem"), own("authority.crt"));
  });
  afterAll(() => bed[Symbol.asyncDispose]());

  it("says so to who has none", async () => {
    await using client = secure();

    await expect(client.digestOf(`${host}/some/image:1`)).rejects.toMatchObject({
      code: "registry_unreachable",
      message: expect.stringMatching(/wants? a client certificate.* put one, with its key, into/),
    });
  });

  it("lets in who has one in the engine's directory, and believes the authorities there", async () => {
    await copyFile(file("client.pem"), own("client.cert"));
    await copyFile(file("client.key"), own("client.key"));
    await using client = secure();
    await using other = openClient({ isInsecure: () => false });

    expect(await client.digestOf(`${host}/some/image:1`)).toBe(digest);
    await expect(other.digestOf(`${host}/some/image:1`)).rejects.toThrow("is not trusted");
    // Where any certificate is taken, the engine shows none of its own.
    await using insecure = openClient({ certificates });
    await expect(insecure.digestOf(`${host}/some/image:1`)).rejects.toMatchObject({ code: "registry_unreachable" });
  });

  it("is shown a certificate that has come in the meantime", async () => {
    await rm(own("client.cert"));
    await using client = secure();
    await expect(client.digestOf(`${host}/some/image:1`)).rejects.toThrow("a client certificate");
    await copyFile(file("client.pem"), own("client.cert"));

    expect(await client.digestOf(`${host}/some/image:1`)).toBe(digest);
  });

  it("is not reached with a certificate that has no key, or that is none, and the reason says why", async () => {
    const other = join(certificates, "localhost:1");
    await mkdir(other);
    await copyFile(file("client.pem"), join(other, "client.cert"));
    await using client = secure();

    await expect(client.digestOf("localhost:1/some/image")).rejects.toThrow(
      `${join(other, "client.cert")} has no client.key beside it`,
    );
    await writeFile(join(other, "client.key"), "nonsense");
    await expect(client.digestOf("localhost:1/some/image")).rejects.toThrow("are of no use");
  });
});
