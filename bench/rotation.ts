// Whether callers notice a rotation: Postern as its users run it, under load, while the secret is rotated with a grace period again and again.
import { setTimeout as sleep } from 'node:timers/promises'
import { clientFor, temporaryFolder } from '../test/fixtures.ts'
import { startLoad } from '../test/machine-load.ts'
import { shownIn, startProcess } from '../test/postern-process.ts'

const connections = 64
const rounds = 5
/** How long callers go on with the old secret, and then with the new one. */
const halfRoundMs = 1000

const folder = temporaryFolder()
const postern = await startProcess({ folder: folder.path })
const { accountId: account_id, apiToken } = shownIn(postern.output())
const { serviceTokens } = clientFor(postern.apiUrl, apiToken).zeroTrust.access
const token = await serviceTokens.create({ account_id, name: 'load' })
const { id = '', client_id: clientId = '' } = token
let secret = token.client_secret ?? ''

const startedAt = performance.now()
const load = startLoad(postern.gateUrl, connections, () => [clientId, secret])
for (let round = 0; round < rounds; round++) {
  await sleep(halfRoundMs)
  const inAMinute = new Date(Date.now() + 60_000).toISOString()
  const rotated = await serviceTokens.rotate(id, { account_id, previous_client_secret_expires_at: inAMinute })
  await sleep(halfRoundMs)
  secret = rotated.client_secret ?? ''
}
await load.stop()
const seconds = (performance.now() - startedAt) / 1000
await postern.end('SIGTERM')
folder.remove()

const total = [...load.answers.values()].reduce((sum, count) => sum + count, 0)
const lost = total - (load.answers.get(200) ?? 0)
process.stdout.write(
  `${rounds} rotations in ${seconds.toFixed(1)} s, ${total} requests on ${connections} connections: ${Math.round(total / seconds)} a second, ${lost} not admitted\n`,
)
if (lost > 0) {
  process.stdout.write(`answers by status: ${JSON.stringify(Object.fromEntries(load.answers))}\n`)
  process.exitCode = 1
}
