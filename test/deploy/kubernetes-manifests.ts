import { join } from 'node:path'
import type { Deployment as AnyDeployment } from 'kubernetes-types/apps/v1.js'
import type { Service as AnyService } from 'kubernetes-types/core/v1.js'
import type { NetworkPolicy as AnyNetworkPolicy } from 'kubernetes-types/networking/v1.js'
import type { PodDisruptionBudget as AnyPodDisruptionBudget } from 'kubernetes-types/policy/v1.js'
import ts from 'typescript'
import { root } from './files.ts'

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string }
}

/** With everything that may be there. What is missing all the same, a test runs into. */
type Whole<Part> = Part extends object ? { readonly [Key in keyof Part]-?: Whole<NonNullable<Part[Key]>> } : Part

export type Deployment = Whole<AnyDeployment>
export type Container = Deployment['spec']['template']['spec']['containers'][number]
export type Service = Whole<AnyService>
export type NetworkPolicy = Whole<AnyNetworkPolicy>
export type PodDisruptionBudget = Whole<AnyPodDisruptionBudget>

/** Where the types of a group's version are that Kubernetes publishes. */
const typesOf = (apiVersion: string) => `kubernetes-types/${apiVersion === 'v1' ? 'core/v1' : apiVersion.replace('.k8s.io', '')}`

/** What the compiler finds wrong with the manifests as values of their types: unknown fields, missing ones, and values of another type. */
export function mistakesIn(manifests: readonly Manifest[]): readonly string[] {
  const path = join(root, 'test', 'deploy', 'manifests.generated.ts')
  const lines = manifests.map(
    (manifest, index) =>
      `export const manifest${index}: import('${typesOf(manifest.apiVersion)}.js').${manifest.kind} = ${JSON.stringify(manifest)}\n`,
  )
  const options = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  }
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists } = host
  host.fileExists = (name) => name === path || fileExists(name)
  host.getSourceFile = (name, ...rest) =>
    name === path ? ts.createSourceFile(name, lines.join(''), ts.ScriptTarget.ES2023, true) : getSourceFile(name, ...rest)
  const program = ts.createProgram([path], options, host)
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}
