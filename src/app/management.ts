import { generateKeyPair } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createLimits } from '../api/limits.ts'
import { createApi, type ServerDeps } from '../api/server.ts'
import { createAlerts } from '../authority/alerts.ts'
import { createAuthority } from '../authority/authority.ts'
import { type Bootstrap, bootstrap } from '../authority/bootstrap.ts'
import { createChores } from '../authority/chores.ts'
import { attendEveryMs, createDuty } from '../authority/duty.ts'
import { createInactivityRule } from '../authority/inactivity.ts'
import { createJournal } from '../authority/journal.ts'
import { accountsWithoutKey } from '../authority/missing-keys.ts'
import { createRefusals } from '../authority/refusals.ts'
import { every, settle } from '../authority/rounds.ts'
import { createSignIn } from '../authority/sign-in.ts'
import { createUses } from '../authority/uses.ts'
import type { Config } from '../config/settings.ts'
import { newHexId } from '../domain/identifier.ts'
import { createReach } from '../domain/webhook-address.ts'
import type { Closer } from './closers.ts'
import type { Gate, GateDeps } from './gate.ts'
import { createWebhookSender } from './webhook-sender.ts'

/** Beside the program, where the build puts it. */
const consoleFolder = fileURLToPath(new URL('./console/', import.meta.url))

export interface ManagementDeps extends Pick<GateDeps, 'store' | 'sealer' | 'config' | 'log' | 'clock' | 'random' | 'lookups'> {
  /** The gate of this process, which has every change before it is answered. */
  readonly gate: Gate
  readonly server: ServerDeps
}

/** The management API and what it does by itself. It does not listen yet. */
export async function startManagement(deps: ManagementDeps, closers: Closer[]) {
  const { store, sealer, config, log, clock, random, lookups, gate, server } = deps
  const apiTokenUses = createUses((batch) => store.recordUses('api_token', batch))
  const refusals = createRefusals({ store, clock, random, log })
  const flush = settle([apiTokenUses.flush, refusals.flush], log, 'what happened lately at the API could not be stored')
  closers.push(flush, every(config.flushInterval, flush))

  const journal = createJournal({ store, random, announce: gate.catchUp })
  const mayReach = createReach(config.alertAddresses)
  const authority = createAuthority({ store, journal, sealer, clock, random, log, newKeyPair, pause: setTimeout, mayReach, ...config })
  const signIn = createSignIn({ store, clock, noteUse: (id) => apiTokenUses.note(id, clock.now()) })
  const { rateLimit: requests, rateLimitWindow: windowMs, signInFailures: failuresPerMinute } = config
  const limits = createLimits({ clock, requests, windowMs, failuresPerMinute })
  const api = createApi({ ...server, authority, signIn, limits, clock, noteRefusal: refusals.note, consoleFolder })
  const sender = createWebhookSender(mayReach, lookups.ofWebhooks)
  closers.push(sender.close)
  const alerts = createAlerts({ store, sealer, clock, log, send: sender.send })
  const chores = createChores({
    ...{ store, clock, accessKeys: authority.accessKeys, endInactive: createInactivityRule({ store, journal, clock, log }), alerts },
    forgetSilentGates: authority.gates.forgetSilent,
    ...{ logRetentionMs: config.logRetention, requestLogMax: config.requestLogMax, changeLogMax: config.changeLogMax },
  })
  const ensureKeys = async () => {
    for (const accountId of await accountsWithoutKey(store)) await authority.accessKeys.ensure({ accountId, zoneId: null })
  }
  await ensureKeys()
  const message = 'a chore failed; it is tried again later'
  const { attend, leave } = createDuty({
    ...{ store, log, name: 'chores', nodeId: newHexId(random), intervalMs: config.choreInterval },
    task: settle([...chores, ensureKeys], log, message),
  })
  closers.push(leave, every(Math.min(attendEveryMs, config.choreInterval), settle([attend], log, message)))
  // Apart from the other chores, which must not wait for receivers.
  const delivery = createDuty({ store, log, name: 'alerts', nodeId: newHexId(random), intervalMs: 0, task: alerts.deliver })
  const deliver = async () => ((await alerts.isDue()) ? delivery.attend() : undefined)
  closers.push(delivery.leave, alerts.stop, every(Math.min(attendEveryMs, config.choreInterval), settle([deliver], log, message)))

  return {
    api,
    /** On an empty database. Last of all: what could fail has not, so the credentials that are made here will be shown. */
    async bootstrap(): Promise<Bootstrap | undefined> {
      const first = await bootstrap({ store, clock, random }, bootstrapOptions(config))
      await gate.catchUp()
      await settle([ensureKeys], log, 'the first signing key could not be made; it is tried again later')()
      return first
    },
  }
}

/** A key pair for assertions: RSA with 2048 bits, as RS256 asks for (RFC 7518, section 3.3). */
function newKeyPair(): Promise<{ readonly publicKey: string; readonly privateKey: string }> {
  const publicKeyEncoding = { type: 'spki', format: 'pem' } as const
  const privateKeyEncoding = { type: 'pkcs8', format: 'pem' } as const
  return new Promise((resolve, reject) => {
    generateKeyPair('rsa', { modulusLength: 2048, publicKeyEncoding, privateKeyEncoding }, (error, publicKey, privateKey) =>
      error ? reject(error) : resolve({ publicKey, privateKey }),
    )
  })
}

function bootstrapOptions(config: Config) {
  const { bootstrapAccountId: accountId, bootstrapZoneId: zoneId, bootstrapApiKey: apiKey, bootstrapApiToken: apiToken, originUrl } = config
  const { authDomain, bootstrapZoneName: zoneName = authDomain, bootstrapEmail: email = `owner@${authDomain}` } = config
  return { accountId, zoneId, zoneName, email, apiKey, apiToken, originUrl }
}
