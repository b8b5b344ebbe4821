// Installs the packages and builds.
import { install, run } from "./install.mjs";

try {
  install();
  run("npm", ["run", "--silent", "build"]);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
