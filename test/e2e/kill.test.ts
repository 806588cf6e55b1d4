import { afterEach, beforeEach, expect, test } from 'vitest'
import { machineHeaders, temporaryFolder } from '../fixtures.ts'
import { type PosternProcess, shownIn, startProcess } from '../postern-process.ts'

/** Writes that a kill must have caught before their answer came, in all. */
const wantedCuts = 200
const writers = 8
const mostKills = 120

interface Known {
  readonly id: string
  readonly client_id: string
  client_secret: string
  client_secret_version: number
  /** A secret that was replaced by an acknowledged rotation. */
  dead?: string
  /** A rotation was under way when the process was killed: it is stored whole, or not at all. */
  inDoubt: boolean
}

type Shown = Known & { readonly name: string; readonly expires_at: string; readonly created_at: string; readonly duration: string }

let folder: ReturnType<typeof temporaryFolder>
let postern: PosternProcess | undefined

beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => {
  postern?.child.kill('SIGKILL')
  folder.remove()
})

test(`after ${wantedCuts} writes cut off by kill -9, every acknowledged write is there, whole, and the gate agrees with the API`, {
  timeout: 300_000,
}, async () => {
  const known = new Map<string, Known>()
  let credentials: ReturnType<typeof shownIn> | undefined
  let cuts = 0
  let kills = 0
  while (cuts < wantedCuts) {
    expect(++kills).toBeLessThan(mostKills)
    postern = await startProcess({ folder: folder.path })
    credentials ??= shownIn(postern.output())
    const api = managing(postern.apiUrl, credentials)
    await compare(await api.list(), known, postern.gateUrl)

    const killed = postern
    // The kill comes after another number of answers each time, so that it hits every phase of a write.
    let answersLeft = 4 + ((kills * 7) % 29)
    const touched = new Map(known)
    const outcomes = await Promise.all(Array.from({ length: writers }, (_, number) => write(number)))
    cuts += outcomes.filter((outcome) => outcome === 'cut').length
    await killed.end('SIGKILL')

    async function write(number: number): Promise<'cut' | 'never sent'> {
      for (let turn = number; ; turn++) {
        // Each writer has tokens of its own, so that nobody else rotates what it believes to know.
        const own = [...touched.values()].filter((_, index) => index % writers === number)
        const target = turn % 3 === 0 ? undefined : own[turn % own.length]
        if (target) target.inDoubt = true
        const answer = await (target ? api.rotate(target.id) : api.create(`kill ${kills}, writer ${number}`)).catch(whatCutIt)
        if (typeof answer === 'string') return answer
        if (target) Object.assign(target, { ...answer, dead: target.client_secret, inDoubt: false })
        else known.set(answer.id, { ...answer, inDoubt: false })
        if (--answersLeft === 0) killed.child.kill('SIGKILL')
      }
    }
  }
  postern = await startProcess({ folder: folder.path })
  await compare(await managing(postern.apiUrl, credentials as ReturnType<typeof shownIn>).list(), known, postern.gateUrl)
  expect(known.size).toBeGreaterThan(kills)
  console.log(`${kills} kills cut ${cuts} writes; ${known.size} tokens were acknowledged, and all of them are as they should be`)
})

/** Only a write that had reached the process was cut by its end. */
function whatCutIt(error: unknown): 'cut' | 'never sent' {
  const { cause } = error as { cause?: { code?: string } }
  return cause?.code === 'ECONNREFUSED' ? 'never sent' : 'cut'
}

/** Holds what the API lists and what the gate answers against what was acknowledged; then there is no more doubt. */
async function compare(listed: readonly Shown[], known: Map<string, Known>, gateUrl: string): Promise<void> {
  const byId = new Map(listed.map((token) => [token.id, token]))
  for (const token of listed) {
    const timestamps = [token.created_at, token.expires_at].map((time) => Date.parse(time))
    expect([token.name, token.client_id, token.duration, ...timestamps]).toEqual([
      expect.stringMatching(/^kill \d+, writer \d$/),
      expect.stringMatching(/^[0-9a-f]{32}\.access$/),
      '8760h',
      expect.any(Number),
      expect.any(Number),
    ])
    expect(timestamps[1]).toBe((timestamps[0] as number) + 8760 * 3_600_000)
  }
  for (const token of known.values()) {
    const stored = byId.get(token.id)
    expect(stored).toBeDefined()
    const rotatedMeanwhile = token.inDoubt && stored?.client_secret_version === token.client_secret_version + 1
    if (!rotatedMeanwhile) expect(stored?.client_secret_version).toBe(token.client_secret_version)
    expect(await gateStatus(gateUrl, token)).toBe(rotatedMeanwhile ? 401 : 200)
    if (token.dead !== undefined) expect(await gateStatus(gateUrl, { ...token, client_secret: token.dead })).toBe(401)
    // Its new secret was lost with the answer.
    if (rotatedMeanwhile) known.delete(token.id)
    token.inDoubt = false
  }
}

async function gateStatus(gateUrl: string, token: Known): Promise<number> {
  return (await fetch(`${gateUrl}/authorize`, { headers: machineHeaders(token) })).status
}

function managing(apiUrl: string, { accountId, apiToken }: ReturnType<typeof shownIn>) {
  const collection = `${apiUrl}/client/v4/accounts/${accountId}/access/service_tokens`
  async function call<Result>(method: string, url: string, body?: object): Promise<Result> {
    const headers = { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' }
    const response = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    const { success, result } = (await response.json()) as { success: boolean; result: Result }
    if (!success) throw new Error(`${method} ${url} was refused`)
    return result
  }
  return {
    list: () => call<Shown[]>('GET', `${collection}?per_page=1000`),
    create: (name: string) => call<Known>('POST', collection, { name }),
    rotate: (id: string) => call<Known>('POST', `${collection}/${id}/rotate`),
  }
}
