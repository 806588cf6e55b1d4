import { spawnSync } from 'node:child_process'
import { rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { clientFor, temporaryFolder } from '../fixtures.ts'
import { shownIn, startProcess } from '../postern-process.ts'
import { statusAt } from './machine.ts'

const folder = temporaryFolder()
// A disk of its own, where this may be made: as root, and not in every container.
const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder.path]).status === 0
afterAll(() => {
  if (isMounted) spawnSync('umount', ['-l', folder.path])
  folder.remove()
})

test.skipIf(!isMounted)(
  'on a full disk nothing is acknowledged that is not stored, the gate goes on, and all is well once there is room',
  async () => {
    const postern = await startProcess({ folder: folder.path, settings: { STALENESS_BUDGET: '1s' } })
    const { accountId, apiToken } = shownIn(postern.output())
    const call = async (name: string) => {
      const response = await fetch(`${postern.apiUrl}/client/v4/accounts/${accountId}/access/service_tokens`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name }),
      })
      return { status: response.status, body: (await response.json()) as { result: { id: string }; errors: { message: string }[] } }
    }
    const before = await call('before')
    expect(before.status).toBe(201)
    const { bavail, bsize } = statfsSync(folder.path)
    const filler = join(folder.path, 'filler')
    writeFileSync(filler, Buffer.alloc((bavail - 2) * bsize, 1))
    const acknowledged = new Set([before.body.result.id])
    let refused: Awaited<ReturnType<typeof call>> | undefined
    // What SQLite has reserved lasts for a few more.
    for (let number = 0; number < 2_000 && refused === undefined; number++) {
      const answer = await call(`while it fills ${number}`)
      if (answer.status === 201) acknowledged.add(answer.body.result.id)
      else refused = answer
    }
    expect([refused?.status, refused?.body.errors[0]?.message]).toEqual([
      503,
      expect.stringContaining('The database cannot be reached at present'),
    ])
    // Longer than the budget: a gate that can read is as fresh as ever.
    await expect.poll(() => postern.output(), { timeout: 20_000 }).toContain('the gate cannot make itself known')
    expect(await statusAt(postern, before.body.result)).toBe(200)
    rmSync(filler)
    await expect.poll(async () => (await call('after')).status, { timeout: 20_000 }).toBe(201)
    const there = new Set<string>()
    for await (const { id } of clientFor(postern.apiUrl, apiToken).zeroTrust.access.serviceTokens.list({ account_id: accountId }))
      there.add(id ?? '')
    expect([...acknowledged].filter((id) => !there.has(id))).toEqual([])
    expect(await postern.end('SIGTERM')).toBe(0)
  },
  120_000,
)
