import { Type } from 'typebox'
import { UserResult } from '../../wire/user.ts'
import { forUser, type Route } from '../route.ts'
import { userResult } from '../views/principal.ts'

export const userRoutes: readonly Route[] = [
  forUser({
    ...{ method: 'GET', path: '', summary: 'Get the signed-in user', permission: 'user:read' },
    ...{ params: Type.Object({}), result: UserResult },
    handle: async ({ authority, owner }) => ({ result: userResult(await authority.users.get(owner)) }),
  }),
]
