import type { Tables } from './schema.ts'

/** What moves. What nodes say of themselves does not: none of them is on the other database yet. */
export type TableName = Exclude<keyof Tables, 'gate' | 'lease'>

/** Every table with the columns of its key, in an order in which none comes before one that it refers to. A table that is missing here does not compile. */
export const keysInOrder: { readonly [Table in TableName]: readonly [keyof Tables[Table] & string, ...(keyof Tables[Table] & string)[]] } =
  {
    account: ['id'],
    zone: ['id'],
    user_account: ['id'],
    api_token: ['id'],
    api_token_use: ['api_token_id'],
    service_token: ['id'],
    service_token_block: ['account_id', 'zone_id', 'created_at', 'id'],
    service_token_use: ['service_token_id'],
    secret_use: ['service_token_id', 'secret_version', 'address'],
    application: ['id'],
    policy: ['id'],
    access_group: ['id'],
    reference: ['from_kind', 'from_id', 'to_kind', 'to_id'],
    organization: ['id'],
    signing_key: ['id'],
    master_key_proof: ['id'],
    attempt: ['id'],
    change: ['seq'],
    change_head: ['id'],
    audit: ['id'],
    access_request: ['id'],
    activity: ['hour', 'subject_id'],
    webhook: ['id'],
    alert_policy: ['id'],
    alert_delivery: ['id'],
  }

export const tablesInOrder = Object.keys(keysInOrder) as readonly TableName[]
