// Writes the pages of docs/ that come from the code. Needs a build.
import { writeFileSync } from "node:fs";
import { configurationDocument } from "../packages/node/dist/config/document.js";

const target = new URL("../docs/configuration.md", import.meta.url);
writeFileSync(target, configurationDocument());
