import * as http from "node:http";
import * as https from "node:https";
import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { authorize } from "./authorize.ts";
import { failed } from "./failed.ts";
import { proxyEnvironment } from "./proxy.ts";
import type { SourceContext } from "./source.ts";

const redirectLimit = 10;
/** Milliseconds without a byte. */
const idleTimeout = 60_000;
const redirects = new Set([301, 302, 303, 307, 308]);
const systemStore = "/etc/ssl/certs/ca-certificates.crt";

/**
 * The answer with status 200 after redirects, its body not yet read. Throws `fetch-failed`, with status 404 `fetch-missing`.
 * Credentials are for the host that was asked: a redirect to another one drops them for good.
 */
export async function requestUrl(context: SourceContext, address: string): Promise<http.IncomingMessage> {
  let url = new URL(address);
  const home = url.host;
  let isHome = true;
  for (let count = 0; count <= redirectLimit; count += 1) {
    checkScheme(context, url);
    isHome &&= url.host === home;
    const credentials = isHome ? await credentialsFor(context, url) : {};
    const response = await request(context, url, credentials);
    const status = response.statusCode ?? 0;
    if (status === 200) return response;
    response.destroy();
    if (!redirects.has(status)) throw badStatus(url, status, isHome ? hintAt(context, url, credentials) : {});
    url = nextUrl(url, response.headers.location);
  }
  throw failed(url, `there are more than ${redirectLimit} redirects`);
}

/** A redirect from https to http is refused by this as well. */
function checkScheme({ insecure }: SourceContext, url: URL): void {
  if (url.protocol === "https:" || (url.protocol === "http:" && insecure.has("http"))) return;
  throw new RktError("fetch-failed", `Cannot fetch ${quoteText(String(url))}: it is not https`, {
    hint: url.protocol === "http:" ? `"--insecure-options=http" allows it` : "Only https URLs can be fetched",
  });
}

/** Over http whoever listens would have them. */
async function credentialsFor({ host, findAuth }: SourceContext, url: URL): Promise<Readonly<Record<string, string>>> {
  const auth = url.protocol === "https:" ? findAuth?.(url.host) : undefined;
  return auth === undefined ? {} : authorize(auth, url, host.clock.now());
}

function request(context: SourceContext, url: URL, credentials: Readonly<Record<string, string>>): Promise<http.IncomingMessage> {
  const headers = { "user-agent": "rkt", accept: "*/*", ...credentials };
  const options = { headers, timeout: idleTimeout, agent: agentFor(context, url) };
  return new Promise((resolve, reject) => {
    const sent = (url.protocol === "https:" ? https : http).get(url, options, resolve);
    sent.on("timeout", () => sent.destroy(new Error(`nothing came for ${idleTimeout / 1000} seconds`)));
    sent.on("error", (error) => reject(failed(url, error.message, error)));
  });
}

/** No connection is kept: the process would wait for it. The system's certificates count, not those that Node brings. */
function agentFor({ host, insecure }: SourceContext, url: URL): http.Agent {
  const shared = { keepAlive: false, proxyEnv: proxyEnvironment(host.env) as NodeJS.ProcessEnv };
  if (url.protocol !== "https:") return new http.Agent(shared);
  const store = host.env["SSL_CERT_FILE"] ?? systemStore;
  const ca = host.files.tryReadText(store);
  return new https.Agent({
    ...shared,
    rejectUnauthorized: !insecure.has("tls"),
    minVersion: "TLSv1.2",
    ...(ca === undefined ? {} : { ca }),
  });
}

function nextUrl(from: URL, location: string | undefined): URL {
  const url = location === undefined ? null : URL.parse(location, String(from));
  if (url === null) throw failed(from, "it redirects to nowhere");
  if (from.protocol === "https:" && url.protocol !== "https:")
    throw failed(from, `it redirects to ${quoteText(String(url))}, which is not https`);
  return url;
}

function badStatus(url: URL, status: number, hint: { readonly hint?: string }): RktError {
  if (status === 404 || status === 410)
    return new RktError("fetch-missing", `Cannot fetch ${quoteText(String(url))}: the server has no such file`);
  const isRefusal = status === 401 || status === 403;
  return new RktError("fetch-failed", `Cannot fetch ${quoteText(String(url))}: bad HTTP status code: ${status}`, isRefusal ? hint : {});
}

/** For a server that wants to know who asks; nothing where credentials would not be sent in any case. */
function hintAt({ findAuth }: SourceContext, url: URL, credentials: object): { readonly hint?: string } {
  if (findAuth === undefined || url.protocol !== "https:") return {};
  const host = quoteText(url.host);
  return Object.keys(credentials).length > 0
    ? { hint: `It refuses the credentials that "rkt config" prints for ${host}` }
    : { hint: `If it wants to know who asks: rkt-config(5) says where credentials for ${host} are written` };
}
