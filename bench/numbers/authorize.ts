import { join } from 'node:path'
import { answerHeaders, startBare } from '../bare-server.ts'
import { atLeast, type Bench, type Context, type Outcome } from '../bench.ts'
import { type Comparison, type Contestant, compare, comparisonColumns } from '../comparison.ts'
import { askEachOnce } from '../generated-load.ts'
import { copyOf, type Installation, installationWith, type RunningPostern, startPostern } from '../postern.ts'
import { withPrograms } from '../processes.ts'
import { authorizeRequest, unknownCredentials, withWrongSecrets, writeRequests } from '../requests.ts'
import { connections } from '../wrk.ts'

const few = 10_000
const names = {
  bare: 'bare node:http, empty 200',
  alike: 'bare node:http, the bytes of Postern’s answer',
  few: '10,000 tokens',
  unknown: '10,000 tokens, 90 % unknown client ids',
  wrong: '10,000 tokens, every secret wrong',
}

export const authorize: Bench = {
  name: 'authorize',
  title: 'Forward-auth: GET /authorize',
  async run(context) {
    const many = context.quick ? 100_000 : 1_000_000
    const [small, large] = [await installationWith(context, few), await installationWith(context, many)]
    const files = requestFiles(context, small, large)
    return withPrograms(async (keep) => {
      const [bare, postern] = [await keep(startBare()), await keep(startPostern(small))]
      // Two processes must not share one database.
      const refusing = await keep(startPostern(copyOf(context, small, 'refusing')))
      const posternLarge = await keep(startPostern(large))
      context.say('signing the assertions of all tokens that will be asked for')
      await signAll([postern, refusing], files.valid)
      await signAll([posternLarge], files.largeWide)
      const alike = await keep(startBare(await answerHeaders(postern.authorizeUrl, small)))
      const at = (server: RunningPostern) => ({ ...server, url: server.authorizeUrl })
      const contestants: Contestant[] = [
        { name: names.bare, server: bare, load: { requests: files.valid } },
        { name: names.alike, server: alike, load: { requests: files.valid } },
        { name: names.few, server: at(postern), load: { requests: files.valid } },
        { name: narrow(many), server: at(posternLarge), load: { requests: files.large } },
        { name: wide(many), server: at(posternLarge), load: { requests: files.largeWide } },
        { name: names.unknown, server: at(refusing), load: { requests: files.unknown, refused: 0.9 } },
        { name: names.wrong, server: at(refusing), load: { requests: files.wrong, refused: 1 } },
      ]
      return outcome(await compare(context, contestants), many)
    })
  },
}

const narrow = (tokens: number) => `${tokens.toLocaleString('en')} tokens, 10,000 of them asked for`
const wide = (tokens: number) => `${tokens.toLocaleString('en')} tokens, 100,000 of them asked for`

function requestFiles({ scratch }: Context, small: Installation, large: Installation) {
  const unknown = unknownCredentials(9 * few)
  const file = (name: string, credentials: Installation['credentials']) =>
    writeRequests(join(scratch, `authorize-${name}`), credentials.map(authorizeRequest))
  const every = Math.max(1, Math.floor(large.credentials.length / few))
  return {
    valid: file('valid', small.credentials),
    large: file(
      'large',
      large.credentials.filter((_, number) => number % every === 0),
    ),
    largeWide: file('large-wide', large.credentials),
    unknown: file('unknown', [...small.credentials, ...unknown]),
    wrong: file('wrong', withWrongSecrets(small.credentials)),
  }
}

async function signAll(servers: readonly RunningPostern[], requests: string): Promise<void> {
  for (const { authorizeUrl: url } of servers) await askEachOnce({ url, requests, connections, expected: 200 })
}

function outcome(comparison: Comparison, many: number): Outcome {
  const { rows, ratio } = comparison
  return {
    tables: [
      {
        title: 'Requests to /authorize, as fast as they are answered',
        columns: comparisonColumns,
        rows,
        note: 'Random credentials on 64 keep-alive connections; default application and policy, all settings at their defaults: who goes on guessing is told to come back later. Every token that is asked for has been asked for once before, so its assertion is signed and kept; what signing costs is measured under “assertions”.',
      },
    ],
    targets: [
      atLeast('1. /authorize with 10,000 tokens, relative to bare node:http', 0.75, ratio(names.few, names.bare)),
      atLeast(`2. ${many.toLocaleString('en')} tokens, relative to 10,000`, 0.95, ratio(narrow(many), names.few)),
      atLeast('2. 90 % unknown client ids, relative to valid ones', 1, ratio(names.unknown, names.few)),
    ],
  }
}
