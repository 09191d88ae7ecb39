import assert from "node:assert/strict";
import { test } from "node:test";
import { proxyEnvironment } from "../../src/image/source/proxy.ts";

test("a proxy without a scheme speaks http, others stay as they are", () => {
  const env = { HTTPS_PROXY: "proxy:3128", http_proxy: "http://a:1", https_proxy: "", OTHER: "proxy:3128" };
  assert.deepEqual(proxyEnvironment(env), { ...env, HTTPS_PROXY: "http://proxy:3128" });
});

test("a name in NO_PROXY stands for those below it; addresses, patterns and ports stay", () => {
  const { NO_PROXY } = proxyEnvironment({ NO_PROXY: "corp.example, .a.example,*.b.example,192.0.2.1,2001:db8::1,192.0.2.1:80,*" });
  assert.equal(NO_PROXY, "corp.example,.corp.example,.a.example,*.b.example,192.0.2.1,2001:db8::1,192.0.2.1:80,*");
});
