/** One thing that a configuration file of rkt says (rkt-config(5)). Settings of equal keys override one another. */
export type Setting = AuthSetting | RegistrySetting | PathSetting | Stage1Setting | Stage1Location | MachineSetting;

export interface AuthSetting {
  readonly kind: "auth";
  /** As in a URL: `HOST` or `HOST:PORT`. */
  readonly domain: string;
  readonly auth: Auth;
}

/** What is sent with a download. */
export type Auth =
  | { readonly type: "basic"; readonly credentials: UserCredentials }
  | { readonly type: "oauth"; readonly credentials: { readonly token: string } }
  | { readonly type: "aws"; readonly credentials: AwsCredentials };

export interface UserCredentials {
  readonly user: string;
  readonly password: string;
}

export interface AwsCredentials {
  readonly accessKeyID: string;
  readonly secretAccessKey: string;
  readonly awsRegion?: string;
}

export interface RegistrySetting {
  readonly kind: "dockerAuth";
  readonly registry: string;
  readonly credentials: UserCredentials;
}

export interface PathSetting {
  readonly kind: "paths";
  readonly field: "data" | "stage1-images";
  readonly path: string;
}

export interface Stage1Setting {
  readonly kind: "stage1";
  readonly field: "name";
  readonly name: string;
  readonly version: string;
}

export interface Stage1Location {
  readonly kind: "stage1";
  readonly field: "location";
  readonly location: string;
}

/** What pods in virtual machines are made with. */
export type MachineSetting =
  /** Names of drivers, the first one that the host has is taken. */
  | { readonly kind: "kvm"; readonly field: "hypervisors"; readonly names: readonly string[] }
  /** Whether a machine may be emulated where the host has no /dev/kvm. */
  | { readonly kind: "kvm"; readonly field: "emulation"; readonly allowed: boolean }
  /** "auto", or the absolute path of an image. */
  | { readonly kind: "kvm"; readonly field: "kernel"; readonly kernel: string };

/** Fields of a file by its kind, besides rktKind and rktVersion. */
export const CONFIG_FIELDS = {
  auth: ["domains", "type", "credentials"],
  dockerAuth: ["registries", "credentials"],
  paths: ["data", "stage1-images"],
  stage1: ["name", "version", "location"],
  kvm: ["hypervisors", "emulation", "kernel"],
} as const satisfies Record<Setting["kind"], readonly string[]>;

/** Fields of `credentials`, by the type of `auth`. */
export const CREDENTIAL_FIELDS = {
  basic: ["user", "password"],
  oauth: ["token"],
  aws: ["accessKeyID", "secretAccessKey", "awsRegion"],
} as const satisfies Record<Auth["type"], readonly string[]>;

/** Directory → the kinds that its files may be of. */
export const CONFIG_DIRECTORIES = {
  "auth.d": ["auth", "dockerAuth"],
  "paths.d": ["paths"],
  "stage1.d": ["stage1", "kvm"],
} as const satisfies Record<string, readonly Setting["kind"][]>;

export type ConfigDirectory = keyof typeof CONFIG_DIRECTORIES;
