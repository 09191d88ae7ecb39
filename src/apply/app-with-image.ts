import type { RenderedImage } from "../image/render.ts";
import type { AppDeclaration } from "../spec/declaration.ts";

/** A declared app and what `Image=` led to. */
export interface AppWithImage {
  readonly app: AppDeclaration;
  readonly rendered: RenderedImage;
}
