#!/usr/bin/env node
import { runOnProcess } from "../dist/cli/process-io.js";

await runOnProcess();
