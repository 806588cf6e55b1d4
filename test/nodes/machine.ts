import { machineHeaders } from '../fixtures.ts'
import { send } from '../raw-http.ts'
import type { Node } from './cluster.ts'

export interface Issued {
  readonly id?: string
  readonly client_id?: string
  readonly client_secret?: string
}

/** What a gate answers to a machine with this token. */
export async function statusAt({ gateUrl }: Pick<Node, 'gateUrl'>, token: Issued): Promise<number> {
  return (await send(gateUrl, { path: '/authorize', headers: Object.entries(machineHeaders(token)).flat() })).status
}
