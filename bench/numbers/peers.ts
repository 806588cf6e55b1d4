import { join } from 'node:path'
import { startBare } from '../bare-server.ts'
import type { Bench, Context, Pace, Row, Table } from '../bench.ts'
import { type Contestant, compare, comparisonColumns } from '../comparison.ts'
import { askEachOnce } from '../generated-load.ts'
import { bareCheck, type Check, type Entry, entries, many, posternCheck } from '../peers/entries.ts'
import { installPeers, peerVersions, programVersion } from '../peers/installation.ts'
import { type Peer, prove, startPeer, startProgram } from '../peers/peer.ts'
import { type Installation, installationWith, startPostern } from '../postern.ts'
import { type Keep, withPrograms } from '../processes.ts'
import { authorizeRequest, someOf, withWrongSecrets, writeRequests } from '../requests.ts'
import { connections } from '../wrk.ts'

const mostSeconds = 1
const mostRounds = 3

export const peers: Bench = {
  name: 'peers',
  title: 'The check beside its peers',
  async run(context) {
    installPeers(context.say)
    const present = entries.filter(({ program }) => program === undefined || programVersion(program) !== undefined)
    const installation = await installationWith(context, many)
    return withPrograms(async (keep) => {
      const requests = writeRequests(join(context.scratch, 'peers-postern'), someOf(installation).map(authorizeRequest))
      const { authorizeUrl, ...postern } = await keep(startPostern(installation))
      await askEachOnce({ url: authorizeUrl, requests, connections, expected: 200 })
      await provePostern(authorizeUrl, installation)
      const bare = await keep(startBare())
      const started = await startAll(context, keep, present)
      await proveAll(started)
      const { rows } = await compare({ ...context, pace: paceOf(context.pace) }, [
        { name: labelOf('Postern, /authorize', many), server: { ...postern, url: authorizeUrl }, load: { requests } },
        { name: 'bare node:http, empty 200', server: bare, load: { requests } },
        ...started.map(
          ({ entry, peer }): Contestant => ({ name: labelOf(entry.name, entry.credentials), server: peer, load: { requests: peer.file } }),
        ),
      ])
      await proveAll(started)
      return { tables: tablesOf(rows, present), targets: [] }
    })
  },
}

const labelOf = (name: string, credentials: number) => `${name} (${credentials.toLocaleString('en')})`

/** There are many of them, and they differ by more than the last percent. */
function paceOf({ warmUpSeconds, roundSeconds, rounds }: Pace): Pace {
  return {
    warmUpSeconds: Math.min(warmUpSeconds, mostSeconds),
    roundSeconds: Math.min(roundSeconds, mostSeconds),
    rounds: Math.min(rounds, mostRounds),
  }
}

interface Started {
  readonly entry: Entry
  readonly peer: Peer
}

async function startAll({ say, scratch }: Context, keep: Keep, present: readonly Entry[]): Promise<readonly Started[]> {
  say(`starting ${present.length} peers with their credentials`)
  const starting = present.map(async (entry): Promise<Started> => {
    const startIt = entry.program === undefined ? startPeer : startProgram
    const folder = join(scratch, `peer-${entry.script}-${entry.credentials}`)
    return { entry, peer: await keep(startIt(entry.script, entry.credentials, folder)) }
  })
  // All of them: whoever is still starting when another has failed is to be stopped, too.
  const all = await Promise.allSettled(starting)
  return all.map((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value
  })
}

/** Throws unless each admits and refuses as it should. */
async function proveAll(started: readonly Started[]): Promise<void> {
  await Promise.all(started.map(({ entry, peer }) => prove(labelOf(entry.name, entry.credentials), peer)))
}

async function provePostern(url: string, { credentials: [first, ...others] }: Installation): Promise<void> {
  if (first === undefined) throw new Error('the installation has no tokens')
  const asked = ({ clientId, secret }: typeof first) => ({
    ...{ method: 'GET', path: '' },
    headers: { 'cf-access-client-id': clientId, 'cf-access-client-secret': secret },
  })
  const [wrong = first] = withWrongSecrets([first])
  const refused = { status: 401, request: asked(wrong) }
  await prove('Postern', { url, requests: [first, ...others].map(asked), admitted: { status: 200 }, refused })
}

function tablesOf(rows: readonly Row[], present: readonly Entry[]): readonly Table[] {
  const checks: readonly (Check | undefined)[] = [posternCheck, bareCheck, ...present]
  const inWords = rows.map(({ name }, row) => ({
    name,
    values: { 'per request': checks[row]?.does ?? null, revoked: checks[row]?.revoked ?? null },
  }))
  return [
    { title: 'Checks of a machine’s credential', columns: comparisonColumns, rows, note: noteOf(present) },
    { title: 'What each does', columns: ['per request', 'revoked'], rows: inWords },
  ]
}

function noteOf(present: readonly Entry[]): string {
  const programs = new Map(present.flatMap(({ program }) => (program === undefined ? [] : [[program[0], programVersion(program)]])))
  const versions = [...peerVersions(), ...[...programs].map(([name, version]) => `${name} ${version}`)]
  const absent = [...new Set(entries.filter((entry) => !present.includes(entry)).map(({ name }) => name))]
  const missing = absent.length === 0 ? '' : ` Not installed here, and so not measured: ${absent.join(', ')}.`
  return `In brackets: how many credentials it holds; each request presents a random one of them. relative: to Postern in the same round. Each is set up as its documentation advises for production, see the first lines of bench/peers/*.mjs. ${versions.join(', ')}.${missing}`
}
