import { ADDRCONFIG, type LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'

/**
 * Looks names up for sockets, as `dns.lookup` does. That occupies one of two threads which the process has for it, however long the system waits for an answer,
 * and nobody can call it off: so a name is asked for once at a time, whoever wants it, and one that has failed is left alone for a while.
 */
export interface NameLookups {
  readonly ofOrigins: LookupFunction
  /** One at a time, so that names which anybody may choose leave a thread to others. */
  readonly ofWebhooks: LookupFunction
}

/** Longer than a resolver takes that turns from a dead server to the next one after 5 seconds. */
const patienceMs = 8_000
/** How long no answer is the answer. */
const failedForMs = 5_000

type Addresses = readonly LookupAddress[]

interface Lookup {
  /** Fails when it takes too long, though the system goes on. */
  readonly addresses: Promise<Addresses>
  /** Resolves when the system is done with it. */
  readonly ended: Promise<void>
}

/** @param ask the system, for all addresses of a name */
export function createNameLookups(ask: (name: string) => Promise<Addresses> = askSystem): NameLookups {
  const lookups = new Map<string, Lookup>()
  let turn: Promise<unknown> = Promise.resolve()

  function lookUp(name: string): Lookup {
    const known = lookups.get(name)
    if (known !== undefined) return known
    const asked = ask(name)
    const forget = () => void lookups.delete(name)
    const ended = asked.then(forget, () => void setTimeout(forget, failedForMs).unref())
    const begun = { addresses: withPatience(asked, name), ended }
    lookups.set(name, begun)
    return begun
  }

  function lookUpInTurn(name: string): Promise<Addresses> {
    const known = lookups.get(name)
    if (known !== undefined) return known.addresses
    let isWanted = true
    const begun = turn.then(() => {
      if (!isWanted) throw lateness(name)
      return lookUp(name)
    })
    turn = begun.then(({ ended }) => ended).catch(() => undefined)
    const addresses = begun.then((own) => own.addresses)
    return withPatience(addresses, name, () => {
      isWanted = false
    })
  }

  return { ofOrigins: forSockets((name) => lookUp(name).addresses), ofWebhooks: forSockets(lookUpInTurn) }
}

function askSystem(name: string): Promise<Addresses> {
  return lookup(name, { all: true, hints: ADDRCONFIG })
}

function withPatience(addresses: Promise<Addresses>, name: string, onLate = () => {}): Promise<Addresses> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      onLate()
      reject(lateness(name))
    }, patienceMs).unref()
    void addresses.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/** As sockets say that time ran out. */
function lateness(name: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`looking up ${name} takes too long`), { code: 'ETIMEDOUT', syscall: 'getaddrinfo' })
}

function forSockets(find: (name: string) => Promise<Addresses>): LookupFunction {
  return (name, { all }, callback) => {
    const pass = (addresses: Addresses) => {
      const [first] = addresses
      if (all === true || first === undefined) callback(null, [...addresses])
      else callback(null, first.address, first.family)
    }
    // Out of the promise's turn, where what a callback throws would be a rejection that nobody handles.
    find(name).then(
      (addresses) => setImmediate(pass, addresses),
      (error: Error) => setImmediate(callback, error, ''),
    )
  }
}
