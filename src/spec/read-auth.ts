import { quoteText } from "../base/escape.ts";
import { manifestError, optional, readObject, readString } from "./json-reader.ts";
import { refuseUnknown } from "./refuse-unknown.ts";
import { type Auth, CREDENTIAL_FIELDS, type UserCredentials } from "./setting.ts";

/** `type` and `credentials` of a file of kind `auth`. */
export function readAuth(type: unknown, value: unknown): Auth {
  switch (type) {
    case "basic":
      return { type, credentials: readUserCredentials(value) };
    case "oauth":
      return { type, credentials: { token: readSecret(readFields(value, "oauth")["token"], "credentials.token") } };
    case "aws": {
      const fields = readFields(value, "aws");
      const awsRegion = optional(fields["awsRegion"], "credentials.awsRegion", readRegion);
      return {
        type,
        credentials: {
          accessKeyID: readSecret(fields["accessKeyID"], "credentials.accessKeyID"),
          secretAccessKey: readSecret(fields["secretAccessKey"], "credentials.secretAccessKey"),
          ...(awsRegion === undefined ? {} : { awsRegion }),
        },
      };
    }
    default:
      throw manifestError(`"type" is none of ${Object.keys(CREDENTIAL_FIELDS).join(", ")}`);
  }
}

export function readUserCredentials(value: unknown): UserCredentials {
  const fields = readFields(value, "basic");
  const user = readString(fields["user"], "credentials.user");
  const password = readString(fields["password"], "credentials.password");
  if (user === "" || password === "") throw manifestError(`"credentials" has an empty user or password`);
  // RFC 7617: what stands before the first colon is the user.
  if (user.includes(":") || /\p{Cc}/u.test(user + password)) throw manifestError(`"credentials" has a character that basic cannot send`);
  return { user, password };
}

function readFields(value: unknown, type: Auth["type"]): Readonly<Record<string, unknown>> {
  const fields = readObject(value, "credentials");
  refuseUnknown(fields, CREDENTIAL_FIELDS[type], "credentials.");
  return fields;
}

/** What goes into a header as it is. */
function readSecret(value: unknown, place: string): string {
  const secret = readString(value, place);
  if (/^[\x21-\x7e]+$/.test(secret)) return secret;
  throw manifestError(`${quoteText(place)} is empty or has a character that no header can carry`);
}

function readRegion(value: unknown, place: string): string {
  const region = readString(value, place);
  if (/^[a-z0-9-]{1,64}$/.test(region)) return region;
  throw manifestError(`${quoteText(place)} is no region`);
}
