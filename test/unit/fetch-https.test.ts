import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { createServer as createPlainServer, type RequestListener, type ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { createHost } from "../../src/host/node-host.ts";
import { fetchImage, type FetchOptions } from "../../src/image/fetch.ts";
import { authorize } from "../../src/image/source/authorize.ts";
import type { ProgressEvent } from "../../src/image/source/source.ts";
import type { Auth } from "../../src/spec/setting.ts";
import { readPublicKeys } from "../../src/trust/keys.ts";
import { openTestStore } from "../lib/image-store.ts";
import { aciBytes } from "../lib/tar-bytes.ts";
import { openGpg } from "./trust-gpg.ts";

const folder = fs.mkdtempSync(join(tmpdir(), "rkt-https-"));
const certificate = join(folder, "certificate.pem");
const san = "subjectAltName=DNS:localhost,IP:127.0.0.1";
const request = [
  "req",
  "-x509",
  "-newkey",
  "ec",
  "-pkeyopt",
  "ec_paramgen_curve:prime256v1",
  "-nodes",
  "-days",
  "2",
  "-subj",
  "/CN=localhost",
  "-addext",
  san,
];
execFileSync("openssl", [...request, "-keyout", join(folder, "key.pem"), "-out", certificate], { stdio: "ignore" });

const test = openTestStore(createHost({ PATH: process.env["PATH"], SSL_CERT_FILE: certificate }));
const image = aciBytes([{ name: "rootfs/file", data: Buffer.alloc(400_000, "https ") }]);
const gpg = openGpg();
gpg.makeKey("maker");
/** Made once: a second signature of the same bytes is another fact in the store as soon as the clock's second has changed. */
const signature = gpg.sign("maker", image);

const redirect = (response: ServerResponse, to: string): void => void response.writeHead(302, { location: to }).end();

/** What was sent: the request's path, its server's port, its authorization. */
let asked: { readonly path: string; readonly port: number | undefined; readonly authorization: string | undefined }[] = [];

const answer: RequestListener = (incoming, response) => {
  const [path = "", query] = (incoming.url ?? "").split("?");
  const { authorization } = incoming.headers;
  asked.push({ path, port: incoming.socket.localPort, authorization });
  if (path.startsWith("/private/") && authorization === undefined) return void response.writeHead(401).end();
  if (path.startsWith("/forbidden/")) return void response.writeHead(403).end();
  if (path === "/private/box.aci") return void response.end(image);
  if (path === "/private/box.aci.asc") return void response.end(signature);
  if (path === "/private/again.aci") return redirect(response, "/private/box.aci");
  if (path === "/away.aci") return redirect(response, `https://127.0.0.1:${portOf(other)}/back.aci`);
  if (path === "/barred.aci") return redirect(response, `https://127.0.0.1:${portOf(other)}/private/box.aci`);
  if (path === "/back.aci") return redirect(response, url("/good.aci"));
  const count = Number(/^\/hops\/(\d+)\//.exec(path)?.[1] ?? "-1");
  if (path.endsWith("/x.aci.asc")) return void response.writeHead(404).end();
  if (count > 0) return redirect(response, `/hops/${count - 1}/x.aci`);
  if (count === 0 || path === "/good.aci") return void response.writeHead(200, { "content-length": image.length }).end(image);
  if (path === "/good.aci.asc") return void response.end(signature);
  if (path === "/query.aci") return void response.end(query === "a=b" ? image : "");
  if (path === "/query.aci.asc" && query === "a=b") return void response.end(signature);
  if (path === "/down.aci") return redirect(response, `http://127.0.0.1:${portOf(plain)}/good.aci`);
  if (path === "/cut.aci")
    return void response.writeHead(200, { "content-length": image.length }).write(image.subarray(0, 5000), () => response.destroy());
  if (path === "/endless.aci") return pour(response);
  if (path === "/teapot.aci") return void response.writeHead(418).end();
  response.writeHead(404).end();
};

/** More bytes for as long as anyone takes them, and no size. */
function pour(response: ServerResponse): void {
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(65536))) continue;
  };
  response.on("drain", more);
  more();
}

const secure = createServer({ key: fs.readFileSync(join(folder, "key.pem")), cert: fs.readFileSync(certificate) }, answer);
const other = createServer({ key: fs.readFileSync(join(folder, "key.pem")), cert: fs.readFileSync(certificate) }, answer);
const plain = createPlainServer(answer);
const portOf = (server: typeof secure | typeof plain): number => (server.address() as AddressInfo).port;
const url = (path: string): string => `https://127.0.0.1:${portOf(secure)}${path}`;

before(async () => {
  secure.listen(0, "127.0.0.1");
  plain.listen(0, "127.0.0.1");
  other.listen(0, "127.0.0.1");
  await Promise.all([secure, plain, other].map((server) => once(server, "listening")));
  const [key] = await readPublicKeys(gpg.exportKey("maker"));
  assert.ok(key);
  await test.keystore.add(key, "root");
});
after(() => {
  for (const server of [secure, plain, other]) {
    server.close();
    server.closeAllConnections();
  }
  gpg.close();
  test.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

const unverified: FetchOptions = { insecure: new Set(["image"]) };

async function refuse(address: string, expected: object, options = unverified): Promise<void> {
  const store = test.names().filter((name) => /sha512-|tmp\//.test(name));
  await assert.rejects(fetchImage(test, address, options), expected);
  assert.deepEqual(
    test.names().filter((name) => /sha512-|tmp\//.test(name)),
    store,
  );
}

describe("fetchImage from https", () => {
  it("fetches image and signature by the system's certificates, and tells how it goes on", async () => {
    const events: ProgressEvent[] = [];
    const stored = await fetchImage({ ...test, progress: (event) => void events.push(event) }, url("/good.aci"));
    assert.equal(stored.signatures.length, 1);
    assert.equal(stored.source, url("/good.aci"));
    assert.deepEqual([events[0]?.what, events.at(-1)?.received, events.at(-1)?.total], ["signature", image.length, image.length]);
  });

  it("asks for the signature with the query of the image", async () => {
    assert.equal((await fetchImage(test, url("/query.aci?a=b"))).signatures.length, 1);
  });

  it("refuses an image without signature, and says where it was looked for", () =>
    refuse(url("/hops/0/x.aci"), { code: "image-no-signature", message: /\/hops\/0\/x\.aci\.asc/ }, {}));

  it("follows ten redirects, not eleven, and none to http", async () => {
    await fetchImage(test, url("/hops/10/x.aci"), unverified);
    await refuse(url("/hops/11/x.aci"), { code: "fetch-failed", message: /more than 10 redirects/ });
    await refuse(url("/down.aci"), { code: "fetch-failed", message: /which is not https/ });
    await refuse(url("/down.aci"), { code: "fetch-failed", message: /which is not https/ }, { insecure: new Set(["image", "http"]) });
  });

  it("refuses http unless told otherwise", async () => {
    const address = `http://127.0.0.1:${portOf(plain)}/good.aci`;
    await refuse(address, { code: "fetch-failed", message: /is not https/, hint: /insecure-options=http/ });
    await fetchImage(test, address, { insecure: new Set(["image", "http"]) });
  });

  it("refuses a certificate that the system does not know, unless told otherwise", async () => {
    const stranger = openTestStore(createHost({ PATH: process.env["PATH"] }));
    await assert.rejects(fetchImage(stranger, url("/good.aci"), unverified), { code: "fetch-failed", message: /self-signed certificate/ });
    await fetchImage(stranger, url("/good.aci"), { insecure: new Set(["image", "tls"]) });
    stranger.close();
  });

  it("says that the disk is full where it is, not that the connection broke", async () => {
    const write = (): never => {
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", syscall: "write" });
    };
    const host = { ...test.host, raw: { ...test.host.raw, write } };
    const before = test.names();
    await assert.rejects(fetchImage({ ...test, host }, url("/good.aci"), unverified), {
      code: "disk-full",
      message: `Cannot fetch "${url("/good.aci")}": the file system of "${join(test.folder, "data/cas")}" is full`,
    });
    assert.deepEqual(test.names(), before);
  });

  it("leaves nothing of what breaks off, does not end, or is not there", async () => {
    await refuse(url("/cut.aci"), { code: "fetch-failed", message: /broke after \d+ bytes/ });
    await refuse(url("/missing.aci"), { code: "fetch-missing", message: /no such file/ });
    await refuse(url("/teapot.aci"), { code: "fetch-failed", message: /bad HTTP status code: 418/ });
    const limits = { totalBytes: 1_000_000, entries: 10, nameBytes: 100, manifestBytes: 1000 };
    await refuse(url("/endless.aci"), { code: "fetch-failed", message: /more than 1000000 bytes/ }, { ...unverified, limits });
  });
});

describe("credentials of a download", () => {
  const me: Auth = { type: "basic", credentials: { user: "me", password: "pass:wörd" } };
  const sentByMe = `Basic ${Buffer.from("me:pass:wörd").toString("base64")}`;
  const home = (): string => `127.0.0.1:${portOf(secure)}`;
  const withAuth = (auth: Auth, hosts: readonly string[] = [home()]) => ({
    ...test,
    findAuth: (host: string) => (hosts.includes(host) ? auth : undefined),
  });
  const sent = (): (string | undefined)[] => asked.map(({ authorization }) => authorization);
  beforeEach(() => void (asked = []));

  it("are sent for signature and image, and after a redirect on the same host", async () => {
    await fetchImage(withAuth(me), url("/private/box.aci"));
    await fetchImage(withAuth(me), url("/private/again.aci"), unverified);
    assert.deepEqual(sent(), [sentByMe, sentByMe, sentByMe, sentByMe]);
    asked = [];
    await fetchImage(withAuth({ type: "oauth", credentials: { token: "abc" } }), url("/private/box.aci"), unverified);
    assert.deepEqual(sent(), ["Bearer abc"]);
  });

  it("are not sent to a host of another name or port", async () => {
    await fetchImage(withAuth(me, ["127.0.0.1", `localhost:${portOf(secure)}`]), url("/good.aci"), unverified);
    assert.deepEqual(sent(), [undefined]);
  });

  it("are dropped on a redirect to another host, even if it has some, and stay dropped on the way back", async () => {
    await fetchImage(withAuth(me, [home(), `127.0.0.1:${portOf(other)}`]), url("/away.aci"), unverified);
    assert.deepEqual(
      asked.map(({ path, authorization }) => [path, authorization]),
      [
        ["/away.aci", sentByMe],
        ["/back.aci", undefined],
        ["/good.aci", undefined],
      ],
    );
  });

  it("are never sent over http, whatever is allowed", async () => {
    const address = `http://127.0.0.1:${portOf(plain)}/good.aci`;
    await fetchImage(withAuth(me, [`127.0.0.1:${portOf(plain)}`]), address, { insecure: new Set(["image", "http"]) });
    assert.deepEqual(sent(), [undefined]);
  });

  it("say where they belong when they are missing or refused, and are in no error", async () => {
    const denied = { code: "fetch-failed", message: /status code: 401$/ };
    await refuse(url("/private/box.aci"), { ...denied, hint: undefined });
    await assert.rejects(fetchImage(withAuth(me, []), url("/private/box.aci"), unverified), {
      ...denied,
      hint: /rkt-config\(5\) says where/,
    });
    await assert.rejects(fetchImage(withAuth(me), url("/barred.aci"), unverified), { ...denied, hint: undefined });
    await assert.rejects(fetchImage(withAuth(me), url("/forbidden/x.aci"), unverified), (error: Error & { hint?: string }) => {
      assert.match(error.hint ?? "", /It refuses the credentials that "rkt config" prints for "127\.0\.0\.1:\d+"/);
      assert.ok(!/pass|me:/.test(`${error.message}${error.hint}`));
      return true;
    });
  });

  it("of type aws sign each request for S3, as AWS's own examples do", async () => {
    const credentials = { accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
    const now = Date.parse("2013-05-24T00:00:00.000Z");
    const examples = [
      ["?lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"],
      ["?max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"],
    ] as const;
    for (const [query, signed] of examples) {
      const headers = await authorize({ type: "aws", credentials }, new URL(`https://examplebucket.s3.amazonaws.com/${query}`), now);
      const scope = "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request";
      const names = "SignedHeaders=host;x-amz-content-sha256;x-amz-date";
      assert.equal(headers["Authorization"], `AWS4-HMAC-SHA256 ${scope}, ${names}, Signature=${signed}`);
      assert.equal(headers["x-amz-date"], "20130524T000000Z");
    }
    const regions = [
      ["https://b.s3.eu-west-1.amazonaws.com/x.aci", undefined, "eu-west-1"],
      ["https://s3-us-west-2.amazonaws.com/b/x.aci", undefined, "us-west-2"],
      ["https://minio.example:9000/b/x.aci", undefined, "us-east-1"],
      ["https://minio.example:9000/b/x.aci", "home", "home"],
    ] as const;
    for (const [address, awsRegion, region] of regions) {
      const auth: Auth = { type: "aws", credentials: { ...credentials, ...(awsRegion === undefined ? {} : { awsRegion }) } };
      assert.match(
        (await authorize(auth, new URL(address), now))["Authorization"] ?? "",
        new RegExp(`/20130524/${region}/s3/aws4_request,`),
      );
    }
    await fetchImage(withAuth({ type: "aws", credentials }), url("/private/again.aci"), unverified);
    const [first, second] = sent().map((text) => /^AWS4-HMAC-SHA256 .*Signature=([0-9a-f]{64})$/.exec(text ?? "")?.[1]);
    assert.ok(first !== undefined && second !== undefined && first !== second);
  });
});
