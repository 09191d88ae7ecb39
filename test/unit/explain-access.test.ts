import assert from "node:assert/strict";
import { test } from "node:test";
import { RktError } from "../../src/base/error.ts";
import { explainAccess } from "../../src/cli/explain-access.ts";

test("a file that may not be read is named, with who may", () => {
  const explained = explainAccess(
    Object.assign(new Error("EACCES: permission denied, open '/x\u001b'"), { code: "EACCES", path: "/x\u001b" }),
  );
  assert.ok(explained instanceof RktError);
  assert.equal(explained.message, 'Cannot read "/x\\x1b": permission denied');
  assert.match(explained.hint ?? "", /group rkt/);
});

test("any other error stays what it is", () => {
  for (const error of [new Error("x"), Object.assign(new Error("x"), { code: "ENOENT", path: "/x" }), new RktError("x", "y"), "text"]) {
    assert.equal(explainAccess(error), error);
  }
});
