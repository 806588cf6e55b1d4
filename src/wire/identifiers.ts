import { Type } from 'typebox'

export const HexId = Type.String({ pattern: '^[0-9a-f]{32}$', description: '32 hex digits' })
export const Uuid = Type.String({ pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$', description: 'a UUID' })
