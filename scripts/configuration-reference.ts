// Writes docs/reference/configuration.md from the settings; with --check it only tells whether the page is as it would be written.
import { readFileSync, writeFileSync } from 'node:fs'
import { environmentName, flagName, type Setting, snakeCase } from '../src/config/setting.ts'
import { settings } from '../src/config/settings.ts'

const path = 'docs/reference/configuration.md'

const sections = Object.entries<Setting<unknown>>(settings).map(([key, { meaning, secret, default: byDefault }]) => {
  const variable = environmentName(key)
  const ways = secret
    ? [`\`${variable}\``, `\`${variable}_FILE\``]
    : [`\`${variable}\``, `\`${flagName(key)}\``, `\`${snakeCase(key)}\` in the settings file`]
  return `## ${variable}\n\n${meaning}\n\n- default: ${byDefault === undefined ? 'none' : `\`${byDefault}\``}\n- set by: ${ways.join(', ')}\n`
})

const page = `# Configuration

<!-- Written by \`npm run docs\` from src/config/settings.ts; changes here are lost. -->

A flag counts over an environment variable, that over the settings file, and that over the default. The settings file is a JSON object
named by \`--config\` or \`POSTERN_CONFIG\`. Settings that may hold a secret are read from the environment, or from the file that the variable
with \`_FILE\` names, and from nowhere else. A setting that Postern does not know is an error, and all errors are reported together.
Durations are written as in Go: \`200ms\`, \`30s\`, \`1h30m\`.

${sections.join('\n')}`

if (process.argv.includes('--check')) {
  const current = readFileSync(path, 'utf8') === page
  console.log(current ? `${path} is current` : `${path} is out of date: run npm run docs`)
  process.exitCode = current ? 0 : 1
} else {
  writeFileSync(path, page)
}
