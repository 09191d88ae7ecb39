/** The part of aws4 that this folder uses; the package brings no types. */
declare module "aws4" {
  interface Request {
    readonly service: string;
    readonly method: string;
    readonly host: string;
    readonly path: string;
    readonly region?: string;
    readonly headers: Readonly<Record<string, string>>;
  }

  const module: {
    /** Returns the request with the headers that it needs. */
    readonly sign: (
      request: Request,
      credentials: { readonly accessKeyId: string; readonly secretAccessKey: string },
    ) => { readonly headers: Readonly<Record<string, string>> };
  };
  export default module;
}
