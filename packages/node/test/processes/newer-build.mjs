// Given to --import: makes this process one of a build that reads version 2 of the wire record too.
import { register } from "node:module";

register("./newer-build-hook.mjs", import.meta.url);
