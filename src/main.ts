#!/usr/bin/env node
// First of all, as its comment says.
import './cli/engine.ts'

import { run } from './cli/run.ts'

await run(process.argv)
