import { errors } from "undici";
import { type ErrorCode, GangwayError, isErrorWithCode } from "../lib/errors.ts";
import type { Answer } from "./exchange.ts";
import { jsonFrom } from "./json.ts";
import { ErrorBody } from "./schema.ts";

const timeOuts: ReadonlySet<string> = new Set([
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
  "ETIMEDOUT",
]);
const cuts: ReadonlySet<string> = new Set([
  "ECONNRESET",
  "EPIPE",
  "UND_ERR_SOCKET",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  "EAI_AGAIN",
]);
/** What undici makes of a proxy that refuses a tunnel, wants credentials, or breaks off before there is one. */
const refusals: ReadonlySet<string> = new Set([
  "UND_ERR_ABORTED",
  "UND_ERR_INVALID_ARG",
  "UND_ERR_PRX_CONN",
  "UND_ERR_PRX_TLS",
]);
/** OpenSSL's verdicts on a certificate (https://nodejs.org/api/tls.html#x509-certificate-error-codes). */
const badCertificate =
  /^(?:CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERROR_IN_CERT_|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_|HOSTNAME_MISMATCH$|ERR_TLS_CERT_)/;

/** A server's own verdict on what it was shown, by TLS 1.3 and 1.2: most have no better word for nothing at all. */
const wantsCertificate =
  /^ERR_SSL_(?:TLSV13_ALERT_CERTIFICATE_REQUIRED|SSL\/TLS_ALERT_BAD_CERTIFICATE|SSLV3_ALERT_BAD_CERTIFICATE)$/;

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** Was the connection lost, so that the same request may well succeed at once? */
export function isCut(error: unknown): boolean {
  return cuts.has(codeOf(error));
}

/** Who was asked, and through which proxy, if any: hosts with their ports. */
export interface Asked {
  readonly host: string;
  readonly proxy: string | undefined;
  /** Its certificate was verified, and it may have wanted one of ours. */
  readonly isVerified: boolean;
}

/** What a request that got no answer throws, as a `GangwayError`; a bug is given back as it is. */
export function networkFault(error: unknown, { host, proxy, isVerified }: Asked, signal: AbortSignal): unknown {
  if (error instanceof GangwayError) return error;
  if (signal.aborted) return abortFault(signal, host);
  if (proxy !== undefined && refusals.has(codeOf(error))) {
    const advice = "check the proxy's rules and the credentials for it, or name the host in NO_PROXY";
    return new GangwayError("registry_unreachable", `The proxy ${proxy} gives no connection to ${host}; ${advice}`);
  }
  if (error instanceof errors.HTTPParserError || codeOf(error) === "UND_ERR_HEADERS_OVERFLOW") {
    const message = `The answer of ${host} is not HTTP; is there a registry at this address?`;
    return new GangwayError("registry_answer_invalid", message);
  }
  const code = codeOf(error);
  if (code === "" || code === "UND_ERR_INVALID_ARG") return error;
  if (timeOuts.has(code)) return new GangwayError("timeout", `${host} took too long to answer`);
  if (badCertificate.test(code)) {
    const advice = "set ca_file for this registry, or insecure";
    return new GangwayError("registry_unreachable", `The certificate of ${host} is not trusted (${code}); ${advice}`);
  }
  if (wantsCertificate.test(code)) {
    const what = `${host} wants a client certificate that it trusts (${code})`;
    return new GangwayError("registry_unreachable", `${what}; ${certificateAdvice(host)}`);
  }
  if (code.startsWith("ERR_OSSL_")) {
    const advice = `check ca_file and the files in /etc/docker/certs.d/${host}/`;
    return new GangwayError("registry_unreachable", `The certificates for ${host} are of no use (${code}); ${advice}`);
  }
  if (code.startsWith("ERR_SSL_") || code === "EPROTO") {
    const advice = "where it speaks plain HTTP only, set insecure for it";
    return new GangwayError("registry_unreachable", `No TLS connection to ${host} comes about (${code}); ${advice}`);
  }
  const what = isCut(error) && code !== "EAI_AGAIN" ? "broke the connection off" : "cannot be reached";
  const way = proxy === undefined ? "" : ` through the proxy ${proxy}`;
  // By TLS 1.3 a server learns of a missing certificate after the handshake: often it only hangs up.
  const other =
    isVerified && isCut(error) && code !== "EAI_AGAIN"
      ? `; should it want a client certificate, ${certificateAdvice(host)}`
      : "";
  const advice = `check its address and ${proxy === undefined ? "the network" : "the proxy's"}${other}`;
  return new GangwayError("registry_unreachable", `${host} ${what}${way} (${code}); ${advice}`);
}

function certificateAdvice(host: string): string {
  return `put one, with its key, into /etc/docker/certs.d/${host}/, where Gangway can read it`;
}

/** Why `signal` aborted: a deadline, or somebody's wish. */
export function abortFault(signal: AbortSignal, host: string): GangwayError {
  const reason: unknown = signal.reason;
  const timedOut =
    isErrorWithCode(reason, "timeout") || (reason instanceof DOMException && reason.name === "TimeoutError");
  return timedOut
    ? new GangwayError("timeout", `${host} took too long to answer`)
    : new GangwayError("aborted", `The request to ${host} was aborted`);
}

/** An answer that has nothing to do with credentials, limits or a missing image. `host` gave it. */
export function statusFault(answer: Answer, host: string): GangwayError {
  const { status } = answer;
  const isTheirs = status >= 500 || status === 408;
  const code: ErrorCode = isTheirs ? "registry_failed" : "registry_answer_invalid";
  const advice = isTheirs ? "that usually passes" : "is there a registry at this address?";
  return new GangwayError(code, `${host} answered HTTP ${status}${errorCodeIn(answer)}; ${advice}`);
}

/** ` (NAME_UNKNOWN)` where the body tells such a code, else nothing: the rest of the body may be anything. */
export function errorCodeIn({ body }: Pick<Answer, "body">): string {
  const found = ErrorBody.safeParse(jsonFrom(body));
  return found.success ? ` (${found.data.errors[0]?.code ?? ""})` : "";
}

/** A registry that has to be left alone for `ms`. */
export function limitFault(host: string, ms: number): GangwayError {
  const wait = ms < 60_000 ? `${Math.ceil(ms / 1_000)} s` : `${Math.ceil(ms / 60_000)} min`;
  const message = `${host} limits how often it may be asked; it is left alone for another ${wait}`;
  return new GangwayError("registry_limited", message, { retryAfterMs: ms });
}
