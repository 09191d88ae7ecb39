import type { Auth, AwsCredentials } from "../../spec/setting.ts";

/** What a download's request says of who asks: headers for exactly this URL at this time (milliseconds since the epoch). */
export async function authorize(auth: Auth, url: URL, now: number): Promise<Readonly<Record<string, string>>> {
  switch (auth.type) {
    case "basic": {
      const { user, password } = auth.credentials;
      return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
    }
    case "oauth":
      return { authorization: `Bearer ${auth.credentials.token}` };
    case "aws":
      return signForS3(auth.credentials, url, now);
  }
}

/** AWS's signature, version 4. Where no region is said it is that of the host's name, else us-east-1. */
async function signForS3(credentials: AwsCredentials, url: URL, now: number): Promise<Readonly<Record<string, string>>> {
  const { default: aws4 } = await import("aws4");
  const { accessKeyID: accessKeyId, secretAccessKey, awsRegion: region } = credentials;
  const date = new Date(now).toISOString().replace(/[-:]|\.\d{3}/g, "");
  const headers = { host: url.host, "x-amz-date": date };
  const request = { service: "s3", method: "GET", host: url.host, path: `${url.pathname}${url.search}`, headers };
  return aws4.sign({ ...request, ...(region === undefined ? {} : { region }) }, { accessKeyId, secretAccessKey }).headers;
}
