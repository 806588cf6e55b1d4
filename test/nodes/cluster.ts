import { clientFor, temporaryFolder } from '../fixtures.ts'
import { type PosternProcess, shownIn, startProcess } from '../postern-process.ts'
import { type PostgresServer, startPostgres } from '../store/postgres-server.ts'
import { type Way, wayTo } from './cut.ts'

/** A node of an installation: a process of its own, with its own way to the database. */
export interface Node extends PosternProcess {
  readonly way: Way
}

export interface Cluster {
  readonly accountId: string
  readonly apiToken: string
  readonly serviceTokens: ReturnType<typeof clientFor>['zeroTrust']['access']['serviceTokens']
  readonly postgres: PostgresServer
  readonly api: Node
  readonly gates: readonly Node[]
  /** One more node. */
  start(
    role: 'api' | 'gate' | 'both',
    settings?: Readonly<Record<string, string>>,
    environment?: Readonly<Record<string, string>>,
  ): Promise<Node>
  /** Calls the API of a node, by default of the first. */
  call(method: string, path: string, body?: object, node?: Node): Promise<{ readonly status: number; readonly body: Body }>
  stop(): Promise<void>
}

export interface Body {
  // biome-ignore lint/suspicious/noExplicitAny: what is in it is for the tests to look at
  readonly result: any
  readonly errors: readonly { readonly code: number; readonly message: string }[]
  readonly receipt?: {
    readonly complete: boolean
    readonly gates: readonly {
      readonly name: string
      readonly status: string
      readonly applied_at: string | null
      readonly lease_ends_at: string | null
    }[]
  }
}

/** A node with the API and some gates on one PostgreSQL, as its users run it. */
export async function startCluster(gates: number, settings: Readonly<Record<string, string>> = {}): Promise<Cluster> {
  const [postgres, folder] = [await startPostgres(), temporaryFolder()]
  const nodes: Node[] = []

  async function start(
    role: 'api' | 'gate' | 'both',
    own: Readonly<Record<string, string>> = {},
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Node> {
    const url = new URL(postgres.url)
    const way = await wayTo(Number(url.port))
    url.port = String(way.port)
    const all = { DATABASE_URL: url.href, MASTER_KEY: 'c4'.repeat(32), ROLE: role, ...settings, ...own }
    const node = { ...(await startProcess({ folder: folder.path, settings: all, environment })), way }
    nodes.push(node)
    return node
  }

  async function stop(): Promise<void> {
    for (const { child } of nodes) child.kill('SIGKILL')
    await Promise.all(nodes.map(({ child, way }) => Promise.all([child.exitCode ?? child.signalCode ?? ended(child), way.close()])))
    await postgres.stop()
    folder.remove()
  }

  try {
    const api = await start('api')
    const { accountId, apiToken } = shownIn(api.output())
    const ofGates = await Promise.all(Array.from({ length: gates }, () => start('gate')))
    return {
      ...{ accountId, apiToken, serviceTokens: clientFor(api.apiUrl, apiToken).zeroTrust.access.serviceTokens, api, gates: ofGates },
      ...{ start, stop, postgres },
      async call(method, path, body, { apiUrl } = api) {
        const headers = { authorization: `Bearer ${apiToken}`, ...(body && { 'content-type': 'application/json' }) }
        const content = body && { body: JSON.stringify(body) }
        const response = await fetch(`${apiUrl}/client/v4/accounts/${accountId}/access${path}`, { method, headers, ...content })
        return { status: response.status, body: (await response.json()) as Body }
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

const ended = (child: PosternProcess['child']) => new Promise((resolve) => child.once('exit', resolve))
