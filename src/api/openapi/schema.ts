import type { TSchema } from 'typebox'
import { CreateGroup, DeletedGroup, GroupResult, UpdateGroup } from '../../wire/access-group.ts'
import { AccessKeysResult, UpdateAccessKeys } from '../../wire/access-key.ts'
import {
  ApplicationPolicyResult,
  CreateApplicationPolicy,
  CreatePolicy,
  DeletedPolicy,
  PolicyResult,
  UpdateApplicationPolicy,
  UpdatePolicy,
} from '../../wire/access-policy.ts'
import { ShownAccessRequestResult } from '../../wire/access-request.ts'
import { AccountResult, CreateAccount, DeletedAccount, UpdateAccount } from '../../wire/account.ts'
import { ActivityResult, TokenActivityResult } from '../../wire/activity.ts'
import {
  ApiTokenResult,
  CreateApiToken,
  DeletedApiToken,
  IssuedApiTokenResult,
  PermissionGroupResult,
  RollApiToken,
  UpdateApiToken,
  VerifiedApiToken,
} from '../../wire/api-token.ts'
import { ApplicationResult, CreateApplication, DeletedApplication, UpdateApplication } from '../../wire/application.ts'
import { AuditLogResult, AuditLogResultInfo } from '../../wire/audit-log.ts'
import { ExplainRequest, ExplanationResult } from '../../wire/explanation.ts'
import { GateResult, ReceiptResult } from '../../wire/gate.ts'
import { OrganizationResult, UpdateOrganization } from '../../wire/organization.ts'
import { ResultInfo } from '../../wire/pagination.ts'
import { PermissionResult } from '../../wire/permission.ts'
import { Rule } from '../../wire/rule.ts'
import {
  CreateServiceToken,
  IssuedServiceTokenResult,
  RotateServiceToken,
  SecretUseResult,
  ServiceTokenOverviewResult,
  ServiceTokenResult,
  UpdatedServiceTokenResult,
  UpdateServiceToken,
} from '../../wire/service-token.ts'
import { UserResult } from '../../wire/user.ts'
import { CreateZone, DeletedZone, EditZone, ZoneResult } from '../../wire/zone.ts'

export type Json = Readonly<Record<string, unknown>>

/** What clients send. */
const demanded: Readonly<Record<string, TSchema>> = {
  ...{ CreateServiceToken, UpdateServiceToken, RotateServiceToken },
  ...{ CreateApiToken, UpdateApiToken, RollApiToken },
  ...{ CreateApplication, UpdateApplication, CreateApplicationPolicy, UpdateApplicationPolicy },
  ...{ CreatePolicy, UpdatePolicy, CreateGroup, UpdateGroup, Rule, ExplainRequest },
  ...{ CreateAccount, UpdateAccount, CreateZone, EditZone, UpdateOrganization, UpdateAccessKeys },
}

/** What they are shown. */
const shown: Readonly<Record<string, TSchema>> = {
  ServiceToken: ServiceTokenResult,
  Gate: GateResult,
  Receipt: ReceiptResult,
  IssuedServiceToken: IssuedServiceTokenResult,
  UpdatedServiceToken: UpdatedServiceTokenResult,
  ...{ SecretUse: SecretUseResult, ServiceTokenOverview: ServiceTokenOverviewResult },
  ApiToken: ApiTokenResult,
  IssuedApiToken: IssuedApiTokenResult,
  ...{ Application: ApplicationResult, DeletedApplication, ApplicationPolicy: ApplicationPolicyResult },
  Explanation: ExplanationResult,
  ...{ Policy: PolicyResult, DeletedPolicy, Group: GroupResult, DeletedGroup },
  ...{ VerifiedApiToken, DeletedApiToken, PermissionGroup: PermissionGroupResult },
  ...{ Account: AccountResult, DeletedAccount, Zone: ZoneResult, DeletedZone, User: UserResult, Permission: PermissionResult },
  ...{ Organization: OrganizationResult, AccessKeys: AccessKeysResult },
  ...{ AuditLog: AuditLogResult, AccessRequest: ShownAccessRequestResult },
  ...{ Activity: ActivityResult, TokenActivity: TokenActivityResult },
  ...{ PageInfo: ResultInfo, CursorInfo: AuditLogResultInfo },
}

const names = new Map([...Object.entries(demanded), ...Object.entries(shown)].map(([name, schema]) => [schema as unknown, name]))

/** How a description becomes a sentence of its own; `undefined` leaves it out. */
type Wording = (description: string, schema: Json) => string | undefined

/** In what clients send, a description ends the sentence "<field> must be …". */
export const asDemand: Wording = (description) => `Must be ${description}.`

/** In what they are shown it says what a field holds, where the values themselves do not. */
export const asStatement: Wording = (description, schema) =>
  schema['enum'] === undefined ? `${description.charAt(0).toUpperCase()}${description.slice(1)}.` : undefined

/** The schemas that have a name in the document. */
export function namedSchemas(): Readonly<Record<string, Json>> {
  return { ...mapValues(demanded, (schema) => written(schema, asDemand)), ...mapValues(shown, (schema) => written(schema, asStatement)) }
}

/** A schema of `wire` as the document shows it: by its name, if it has one. */
export function schemaOf(schema: unknown, wording: Wording): Json {
  const name = names.get(schema)
  return name === undefined ? written(schema, wording) : { $ref: `#/components/schemas/${name}` }
}

function written(schema: unknown, wording: Wording): Json {
  const given = schema as Json
  const inner = (value: unknown) => schemaOf(value, wording)
  const entries = Object.entries(given).map(([keyword, value]): readonly [string, unknown] => {
    if (keyword === 'properties') return [keyword, mapValues(value as Json, inner)]
    // Any name at all: what a record is called without a pattern.
    if (keyword === 'patternProperties') return ['additionalProperties', inner((value as Json)['^.*$'])]
    if (keyword === 'items') return [keyword, inner(value)]
    if (keyword === 'anyOf') return [keyword, (value as readonly unknown[]).map(inner)]
    if (keyword === 'description') return [keyword, wording(value as string, given)]
    if (keyword === 'pattern') return [keyword, portable(value as string)]
    return [keyword, value]
  })
  const isRecord = given['patternProperties'] !== undefined
  const kept = entries.filter(
    ([keyword, value]) => value !== undefined && !(isRecord && keyword === 'additionalProperties' && value === false),
  )
  return { ...(given['enum'] !== undefined && { type: 'string' }), ...Object.fromEntries(kept) }
}

/** Without the classes of characters that few engines of regular expressions know. Halves of surrogate pairs cannot be sent in UTF-8 anyway. */
function portable(pattern: string): string {
  return pattern.replaceAll('\\p{Cc}', '\\x00-\\x1f\\x7f-\\x9f').replaceAll('\\p{Cs}', '')
}

function mapValues<Value, Mapped>(record: Readonly<Record<string, Value>>, map: (value: Value) => Mapped): Record<string, Mapped> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}
