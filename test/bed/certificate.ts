import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./programs.ts";

/** A certificate for 127.0.0.1, localhost and registry.test, signed by an authority that only this bed knows. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
  /** The authority's certificate, PEM. */
  readonly caFile: string;
}

/** Makes authority and certificate with openssl, both in `directory`, valid for a day. */
export async function makeCertificate(directory: string): Promise<Certificate> {
  const file = (name: string) => join(directory, name);
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await run("openssl", [
    ...["req", "-x509", ...newKey, "-keyout", file("ca.key"), "-out", file("ca.pem")],
    ...["-subj", "/CN=bed authority", "-days", "1"],
  ]);
  await run("openssl", ["req", ...newKey, "-keyout", file("tls.key"), "-out", file("tls.csr"), "-subj", "/CN=bed"]);
  await writeFile(file("tls.ext"), "subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:registry.test\n");
  await run("openssl", [
    ...["x509", "-req", "-in", file("tls.csr"), "-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-CAcreateserial"],
    ...["-out", file("tls.pem"), "-days", "1", "-extfile", file("tls.ext")],
  ]);
  const [key, cert] = await Promise.all([readFile(file("tls.key"), "utf8"), readFile(file("tls.pem"), "utf8")]);
  return { key, cert, caFile: file("ca.pem") };
}
