/** What `--insecure-options=` can switch off when an image is fetched: its signature, checks of certificates, encryption. */
export type InsecureOption = "image" | "tls" | "http";
