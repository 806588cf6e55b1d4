import { Type } from 'typebox'
import { GateResult, GatesInfo } from '../../wire/gate.ts'
import { inAccount, type Route } from '../route.ts'
import { gateResult } from '../views/gate.ts'

export const gateRoutes: readonly Route[] = [
  inAccount({
    ...{ method: 'GET', path: '/access/gates', summary: 'List the gates of the installation, and how far each has come' },
    ...{ permission: 'organization:read', params: Type.Object({}), result: Type.Array(GateResult), info: GatesInfo },
    async handle({ authority }) {
      const { head, gates } = await authority.gates.list()
      return { result: gates.map((gate) => gateResult(gate, head)), info: { count: gates.length, change: head } }
    },
  }),
]
