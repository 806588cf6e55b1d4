import { describe, expect, test } from 'vitest'
import { configOf } from './environments.ts'
import { assignments, defaultPorts, portOf, yamlDocumentsOf, yamlOf } from './files.ts'
import {
  type Container,
  type Deployment,
  type Manifest,
  mistakesIn,
  type NetworkPolicy,
  type PodDisruptionBudget,
  type Service,
} from './kubernetes-manifests.ts'

interface Kustomization {
  readonly resources: readonly string[]
  readonly namespace: string
  readonly images: readonly { readonly name: string }[]
  readonly configMapGenerator: readonly { readonly name: string; readonly literals: readonly string[] }[]
}

const folder = 'deploy/kubernetes'
const kustomization = yamlOf<Kustomization>(`${folder}/kustomization.yaml`)
const [secret] = yamlDocumentsOf<Manifest & { readonly stringData: Readonly<Record<string, string>> }>(`${folder}/secret.example.yaml`)
const manifests = kustomization.resources.flatMap((name) => yamlDocumentsOf<Manifest>(`${folder}/${name}`))
const ofKind = <Kind extends Manifest>(kind: string) => manifests.filter((manifest) => manifest.kind === kind) as unknown as readonly Kind[]
const deployments = ofKind<Deployment>('Deployment')

const all = [...manifests, ...(secret ? [secret] : [])]

test('every manifest is what Kubernetes knows by that name', { timeout: 120_000 }, () => {
  expect(all.map(({ kind }) => kind).sort()).toEqual(
    ['Deployment', 'Namespace', 'NetworkPolicy', 'PodDisruptionBudget', 'Secret', 'Service'].flatMap((kind) =>
      ['Namespace', 'Secret'].includes(kind) ? [kind] : [kind, kind],
    ),
  )
  expect(mistakesIn(all)).toEqual([])
})

test('a manifest with a misspelt, a missing or a wrong field is not', { timeout: 120_000 }, () => {
  const [deployment] = deployments
  const specs = [
    { ...deployment?.spec, replica: 2 },
    { ...deployment?.spec, template: undefined },
    { ...deployment?.spec, replicas: '2' },
  ]
  const wrong = specs.map((spec) => ({ ...deployment, spec }) as unknown as Manifest)
  expect(mistakesIn(wrong)).toEqual([
    expect.stringContaining('"replica"'),
    expect.stringContaining("'template'"),
    expect.stringContaining('string'),
  ])
})

test('nothing is applied that holds secrets, and the example of one is refused by Postern', () => {
  expect(manifests.map(({ kind }) => kind)).not.toContain('Secret')
  expect(() => configOf(environmentOf(containerOf('postern-api')), secret?.stringData)).toThrow('The configuration is not valid')
})

function containerOf(name: string): Container {
  const [container, ...others] = deployments.find(({ metadata }) => metadata.name === name)?.spec.template.spec.containers ?? []
  if (container === undefined || others.length > 0) throw new Error(`${name} has not one container`)
  return container
}

function environmentOf({ env, envFrom }: Container): Readonly<Record<string, string>> {
  const maps = envFrom.map(({ configMapRef }) => kustomization.configMapGenerator.find(({ name }) => name === configMapRef.name)?.literals)
  return { ...assignments(maps.flatMap((literals) => literals ?? [])), ...Object.fromEntries(env.map(({ name, value }) => [name, value])) }
}

describe.each(deployments.map((deployment) => [deployment.metadata.name, deployment] as const))('%s', (name, { spec }) => {
  const container = containerOf(name)
  const pod = spec.template.spec
  const part = name.replace('postern-', '')

  test('starts Postern with a configuration that it takes, in its role, on PostgreSQL', () => {
    const config = configOf(environmentOf(container))
    expect(config).toMatchObject({ role: part, databaseUrl: { engine: 'postgres' }, masterKey: { length: 32 } })
  })

  test('reads no file that is not mounted from the secret', () => {
    const [{ secret: mounted } = { secret: undefined }] = pod.volumes
    const keys = mounted?.items?.map(({ path }) => path) ?? Object.keys(secret?.stringData ?? {})
    const [{ mountPath } = { mountPath: '' }] = container.volumeMounts
    const files = container.env.filter(({ name: variable }) => variable.endsWith('_FILE')).map(({ value }) => value)
    expect([...files].sort()).toEqual(keys.map((key) => `${mountPath}/${key}`).sort())
    expect(mounted?.secretName).toBe(secret?.metadata.name)
  })

  test('listens at the ports that it names, which are the usual ones', () => {
    const environment = environmentOf(container)
    const listening = ['POSTERN_API_LISTEN', 'POSTERN_GATE_LISTEN'].flatMap((variable) => environment[variable] ?? []).map(portOf)
    expect(container.ports.map(({ containerPort }) => containerPort).sort()).toEqual(listening.sort())
    expect(Object.values(defaultPorts)).toEqual(expect.arrayContaining(listening))
  })

  test('is asked for its health where the API listens, or would', () => {
    const { startupProbe, livenessProbe, readinessProbe, ports } = container
    const portNamed = (wanted: string | number) => ports.find((port) => port.name === wanted)?.containerPort
    const probes = [startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => [httpGet.path, portNamed(httpGet.port)])
    expect(probes).toEqual([
      ['/livez', defaultPorts.api],
      ['/livez', defaultPorts.api],
      ['/readyz', defaultPorts.api],
    ])
  })

  test('gets no variables from Kubernetes that would look like settings', () => {
    expect(pod.enableServiceLinks).toBe(false)
    expect(() => configOf({ ...environmentOf(container), POSTERN_API_PORT: 'tcp://10.0.0.1:7400' })).toThrow('not a setting')
  })

  test('has a Service, a disruption budget and a network policy that mean it', () => {
    const labels = spec.template.metadata.labels
    expect(spec.selector.matchLabels).toEqual(labels)
    const service = ofKind<Service>('Service').find(({ metadata }) => metadata.name === name)
    expect(service?.spec.selector).toEqual(labels)
    expect(service?.spec.ports).toEqual([{ name: part, port: defaultPorts[part as 'api' | 'gate'], targetPort: part }])
    const budget = ofKind<PodDisruptionBudget>('PodDisruptionBudget').find(({ metadata }) => metadata.name === name)
    expect(budget?.spec.selector.matchLabels).toEqual(labels)
    const policy = ofKind<NetworkPolicy>('NetworkPolicy').find(({ metadata }) => metadata.name === name)
    expect(policy?.spec.podSelector.matchLabels).toEqual(labels)
    const open = new Set(policy?.spec.ingress.flatMap(({ ports }) => ports.map(({ port }) => port)))
    expect([...open].sort()).toEqual(container.ports.map(({ containerPort }) => containerPort).sort())
  })

  test('runs the image that the kustomization names, within its namespace', () => {
    expect(kustomization.images.map((image) => image.name)).toEqual([container.image])
    expect(ofKind<Manifest>('Namespace').map(({ metadata }) => metadata.name)).toEqual([kustomization.namespace])
  })

  test('is stopped later than Postern stops by itself', () => {
    const { shutdownTimeout } = configOf(environmentOf(container))
    expect(pod.terminationGracePeriodSeconds * 1000).toBeGreaterThan(2 * shutdownTimeout + 5000)
  })
})
