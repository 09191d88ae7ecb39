import manifest from "../../package.json" with { type: "json" };

/** Set where the package is bundled. */
declare const RKT_VERSION: string;

/** rkt's version: the package's, in a checkout that of package.json. */
export const version: string = typeof RKT_VERSION === "string" ? RKT_VERSION : manifest.version;
/** Of the appc specification that manifests and images follow. */
export const appcVersion = "0.8.11";
