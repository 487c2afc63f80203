/** What looks into images, put together. */

import { fitsInspector } from "../adapters/fs/inspect-fits.ts";
import type { ImageInspector } from "../ports/image-inspector.ts";

export const imageInspector: ImageInspector = fitsInspector;
