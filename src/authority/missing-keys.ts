import { pagesOf } from './pages.ts'
import type { Feed } from './ports.ts'

/** Accounts with applications, and without a key that could vouch to them: in databases of earlier versions, and where a process stopped midway. */
export async function accountsWithoutKey(feed: Pick<Feed, 'read'>): Promise<readonly string[]> {
  const accounts = new Set<string>()
  for await (const page of pagesOf(feed, 'application')) for (const { accountId } of page) accounts.add(accountId)
  for await (const page of pagesOf(feed, 'signing_key')) for (const { accountId } of page) accounts.delete(accountId)
  return [...accounts]
}
