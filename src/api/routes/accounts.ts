import { Type } from 'typebox'
import { AccountResult, CreateAccount, DeletedAccount, ListAccounts, UpdateAccount } from '../../wire/account.ts'
import { defaultSmallPage, ResultInfo, resultInfo } from '../../wire/pagination.ts'
import { forAnyone, inAccount, type Route } from '../route.ts'
import { accountResult } from '../views/principal.ts'

export const accountRoutes: readonly Route[] = [
  forAnyone({
    ...{ method: 'GET', path: '/accounts', summary: 'List the accounts in which the caller may do something' },
    ...{ params: Type.Object({}), query: ListAccounts, result: Type.Array(AccountResult), info: ResultInfo },
    async handle({ authority, caller, query: { page = 1, per_page: perPage = defaultSmallPage, direction = 'asc', name } }) {
      const { items, total } = await authority.accounts.list(caller, { page, perPage, direction, name })
      return { result: items.map(accountResult), info: resultInfo({ page, perPage }, items.length, total) }
    },
  }),

  // Whether the caller may do that is for the authority to say: there is no account yet on which it could be asked.
  forAnyone({
    ...{ method: 'POST', path: '/accounts', summary: 'Create an account' },
    ...{ params: Type.Object({}), body: CreateAccount, result: AccountResult, failures: ['not_permitted'] },
    handle: async ({ authority, caller, body }) => ({ result: accountResult(await authority.accounts.create(caller, body.name)) }),
  }),

  inAccount({
    ...{ method: 'GET', path: '', summary: 'Get an account', permission: 'accounts:read' },
    ...{ params: Type.Object({}), result: AccountResult },
    handle: async ({ authority, scope }) => ({ result: accountResult(await authority.accounts.get(scope)) }),
  }),

  inAccount({
    ...{ method: 'PUT', path: '', summary: 'Rename an account', permission: 'accounts:write' },
    ...{ params: Type.Object({}), body: UpdateAccount, result: AccountResult },
    async handle({ authority, caller, scope, body: { name } }) {
      const renamed = name === undefined ? authority.accounts.get(scope) : authority.accounts.rename(caller, scope, name)
      return { result: accountResult(await renamed) }
    },
  }),

  inAccount({
    ...{ method: 'DELETE', path: '', summary: 'Delete an account with nothing in it', permission: 'accounts:write' },
    ...{ params: Type.Object({}), result: DeletedAccount, failures: ['not_empty', 'last_way_in'] },
    async handle({ authority, caller, scope }) {
      await authority.accounts.delete(caller, scope)
      return { result: { id: scope.accountId } }
    },
  }),
]
