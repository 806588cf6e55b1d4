import { randomBytes } from 'node:crypto'
import type { AccessRequest } from '../../src/authority/queries.ts'
import { hourOf, type Outcomes } from '../../src/domain/activity.ts'
import { newUuid } from '../../src/domain/identifier.ts'
import type { Exchange, Request, Scope, Step } from './format.ts'
import { violations } from './matchers.ts'
import { millisecondsIn } from './memory.ts'
import type { ContractServer, Received } from './server.ts'
import { createStages, type Stage } from './stage.ts'

export interface Replayer {
  /** What the server did otherwise than recorded; nothing when all is well. */
  replay(exchange: Exchange, scope: Scope): Promise<readonly string[]>
}

/** What every answer with a body carries. */
const headersOfAll = { 'content-type': 'application/json', 'cf-ray': { $hex: 16 }, 'cache-control': 'no-store' }

export async function createReplayer(server: ContractServer): Promise<Replayer> {
  const stages = await createStages(server)

  async function take(step: Step, stage: Stage): Promise<void> {
    const { memory } = stage
    if (step.clock !== undefined) server.clock.advance(millisecondsIn(step.clock))
    if (step.used !== undefined) {
      await server.store.recordUses('service_token', new Map([[memory.expandText(step.used), server.clock.now()]]))
    }
    if (step.machine_request !== undefined) {
      await server.store.recordAccessRequests([machineRequest(memory.expand(step.machine_request), stage, server.clock.now())])
    }
    if (step.counted !== undefined) {
      const { subject, ...outcomes } = memory.expand(step.counted) as Outcomes & { readonly subject: string }
      await server.store.recordActivity([{ hour: hourOf(server.clock.now()), subjectId: subject, ...outcomes }])
    }
    const request = step.request ?? (step.create && creation(step.create, step.in))
    if (request === undefined) return
    const answer = await stage.ask(request)
    const isAsMeant = step.status === undefined ? answer.status < 300 : answer.status === step.status
    if (!isAsMeant) throw new Error(`a step before it was answered with ${answer.status}: ${answer.text}\n${JSON.stringify(step)}`)
    if (step.as === undefined) return
    const { result, result_info: info } = JSON.parse(answer.text) as { readonly result: unknown; readonly result_info?: unknown }
    memory.note(step.as, result)
    memory.note(`${step.as}_info`, info)
    memory.note(`${step.as}_etag`, answer.headers.etag)
  }

  return {
    async replay(exchange, scope) {
      const stage = await stages.set(exchange, scope)
      try {
        for (const step of exchange.given ?? []) {
          for (let count = 0; count < (step.times ?? 1); count++) await take(step, stage)
        }
        if (exchange.clock !== undefined) server.clock.advance(millisecondsIn(exchange.clock))
        const answer = await stage.ask(exchange.request)
        const found = differences(exchange, answer, stage)
        return found.length === 0 ? [] : [...found, `the answer was ${answer.status} ${answer.text}`]
      } finally {
        await stage.clear()
      }
    },
  }
}

function differences({ request, expect }: Exchange, { status, headers, text }: Received, { memory }: Stage): readonly string[] {
  const found: string[] = status === expect.status ? [] : [`status is ${status} and not ${expect.status}`]
  const wanted: Readonly<Record<string, unknown>> = { ...(text !== '' && headersOfAll), ...expect.headers }
  for (const [name, value] of Object.entries(wanted)) {
    found.push(...violations({ [name]: value }, headers[name] === undefined ? {} : { [name]: headers[name] }, memory, 'headers'))
  }
  if (expect.body === undefined) return text === '' ? found : [...found, 'there is a body']
  try {
    return [...found, ...violations(expect.body, JSON.parse(text), memory, 'body')]
  } catch (error) {
    return [...found, `the body of the answer to ${request.method} cannot be compared: ${String(error)}`]
  }
}

function creation(body: unknown, scope: Scope | undefined): Request {
  const place = scope === undefined ? '{scope}' : `${scope}/{${scope === 'zones' ? 'zone' : 'account'}}`
  return { method: 'POST', path: `/${place}/access/service_tokens`, body }
}

/** What the gate stores of a request, with what the exchange says about it. */
function machineRequest(fields: unknown, { memory }: Stage, at: number): AccessRequest {
  return {
    ...{ id: newUuid(randomBytes), at, accountId: String(memory.recall('account')) },
    ...{ serviceTokenId: null, serviceTokenName: null },
    ...(fields as Omit<AccessRequest, 'id' | 'at' | 'accountId'>),
  }
}
