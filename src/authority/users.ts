import type { Owner, User } from '../domain/principal.ts'
import type { Store } from './ports.ts'

/** The owners of the installation. */
export interface Users {
  /** The user to whom a credential belongs. */
  get(owner: Owner): Promise<User>
}

export function createUsers({ store }: { store: Store }): Users {
  return {
    async get({ userId }) {
      const user = userId === null ? undefined : await store.find('user', userId)
      if (user === undefined) throw new Error(`user ${userId} signed in and is not there`)
      return user
    },
  }
}
