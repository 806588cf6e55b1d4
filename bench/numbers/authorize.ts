import { join } from 'node:path'
import { answerHeaders, startBare } from '../bare-server.ts'
import { atLeast, type Bench, type Context, type Outcome } from '../bench.ts'
import { type Comparison, type Contestant, compare, comparisonColumns } from '../comparison.ts'
import { askEachOnce } from '../generated-load.ts'
import { copyOf, firstRequestsRecorded, type Installation, installationWith, type RunningPostern, startPostern } from '../postern.ts'
import { withPrograms } from '../processes.ts'
import { authorizeRequest, sampleOf, unknownCredentials, withWrongSecrets, writeRequests } from '../requests.ts'
import { connections } from '../wrk.ts'

/** How many tokens there are; as many as the few are asked for. */
interface Sizes {
  readonly few: number
  readonly many: number
}

const count = (tokens: number) => `${tokens.toLocaleString('en')} tokens`
const namesFor = ({ few, many }: Sizes) => ({
  bare: 'bare node:http, empty 200',
  alike: 'bare node:http, the bytes of Postern’s answer',
  few: `Postern, ${count(few)}`,
  many: `Postern, ${count(many)}, ${few.toLocaleString('en')} of them asked for`,
  unknown: `Postern, ${count(few)}, 90 % unknown client ids`,
  wrong: `Postern, ${count(few)}, every secret wrong`,
})

export const authorize: Bench = {
  name: 'authorize',
  title: 'Forward-auth: GET /authorize',
  async run(context) {
    const sizes = context.quick ? { few: 500, many: 10_000 } : { few: 10_000, many: 1_000_000 }
    const names = namesFor(sizes)
    const [small, large] = [await installationWith(context, sizes.few), await installationWith(context, sizes.many)]
    const files = requestFiles(context, sizes, small, large)
    return withPrograms(async (keep) => {
      const [bare, postern] = [await keep(startBare()), await keep(startPostern(small))]
      // Two processes must not share one database.
      const refusing = await keep(startPostern(copyOf(context, small, 'refusing')))
      const posternLarge = await keep(startPostern(large))
      context.say('signing the assertions of all tokens that will be asked for')
      await signAll([postern, refusing], files.valid)
      await signAll([posternLarge], files.many)
      // wrk only counts how many were refused.
      await askEachOnce({ url: refusing.authorizeUrl, requests: files.refused, connections, expected: 401 })
      await firstRequestsRecorded(context)
      const alike = await keep(startBare(await answerHeaders(postern.authorizeUrl, small)))
      const at = (server: RunningPostern) => ({ ...server, url: server.authorizeUrl })
      const contestants: Contestant[] = [
        { name: names.bare, server: bare, load: { requests: files.valid } },
        { name: names.alike, server: alike, load: { requests: files.valid } },
        { name: names.few, server: at(postern), load: { requests: files.valid } },
        { name: names.many, server: at(posternLarge), load: { requests: files.many } },
        { name: names.unknown, server: at(refusing), load: { requests: files.unknown, refused: 0.9 } },
        { name: names.wrong, server: at(refusing), load: { requests: files.wrong, refused: 1 } },
      ]
      return outcome(await compare(context, contestants), sizes)
    })
  },
}

function requestFiles({ scratch }: Context, { few }: Sizes, small: Installation, large: Installation) {
  const file = (name: string, credentials: Installation['credentials']) =>
    writeRequests(join(scratch, `authorize-${name}`), credentials.map(authorizeRequest))
  const [unknown, wrong] = [unknownCredentials(9 * few), withWrongSecrets(small.credentials)]
  return {
    valid: file('valid', small.credentials),
    many: file('many', sampleOf(large.credentials, few)),
    unknown: file('unknown', [...small.credentials, ...unknown]),
    wrong: file('wrong', wrong),
    refused: file('refused', [...sampleOf(unknown, 200), ...sampleOf(wrong, 200)]),
  }
}

async function signAll(servers: readonly RunningPostern[], requests: string): Promise<void> {
  for (const { authorizeUrl: url } of servers) await askEachOnce({ url, requests, connections, expected: 200 })
}

function outcome({ rows, ratio }: Comparison, sizes: Sizes): Outcome {
  const names = namesFor(sizes)
  return {
    tables: [
      {
        title: 'Requests to /authorize, as fast as they are answered',
        columns: comparisonColumns,
        rows,
        note: 'Random credentials on 64 keep-alive connections; default application and policy, all settings at their defaults: who goes on guessing is told to come back later. Every token that is asked for has been asked for once before, so its assertion is signed and kept, and its first request is recorded; what signing costs is measured under “assertions”.',
      },
    ],
    targets: [
      atLeast(`1. /authorize with ${count(sizes.few)}, relative to bare node:http`, 0.75, ratio(names.few, names.bare)),
      atLeast(`2. /authorize with ${count(sizes.many)}, relative to ${count(sizes.few)}`, 0.95, ratio(names.many, names.few)),
      atLeast('2. 90 % unknown client ids, relative to valid ones', 1, ratio(names.unknown, names.few)),
    ],
  }
}
