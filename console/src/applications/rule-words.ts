import type { Rule } from '../../../src/wire/rule.ts'

export type RuleKind = 'service_token' | 'any_valid_service_token' | 'ip' | 'everyone' | 'group'

export interface Rules {
  readonly include: readonly Rule[]
  readonly require: readonly Rule[]
  readonly exclude: readonly Rule[]
}

export interface PolicyWords extends Rules {
  readonly decision: 'allow' | 'deny' | 'non_identity' | 'bypass'
}

/** What service tokens and groups are called, by their ids. */
export type Names = ReadonlyMap<string, string>

export function kindOf(rule: Rule): RuleKind {
  if (rule.service_token) return 'service_token'
  if (rule.any_valid_service_token) return 'any_valid_service_token'
  if (rule.ip) return 'ip'
  return rule.group ? 'group' : 'everyone'
}

/** A part of a sentence; `isName` marks what people have named themselves. */
export interface Words {
  readonly text: string
  readonly isName?: true
}

/** "Lets in CI deploy or any valid service token, but only if the request comes from 10.0.0.0/8, unless the request comes from 10.0.0.7." */
export function sentenceOf(policy: PolicyWords, names: Names): readonly Words[] {
  const { decision, include, require, exclude } = policy
  return [
    { text: `${openings[decision]} ` },
    ...joined(
      include.map((rule) => [nounOf(rule, names)]),
      'or',
    ),
    ...(decision === 'bypass' ? [{ text: ' without credentials' }] : []),
    ...(require.length > 0
      ? [
          { text: ', but only if the request ' },
          ...joined(
            require.map((rule) => clauseOf(rule, names)),
            'and',
          ),
        ]
      : []),
    ...(exclude.length > 0
      ? [
          { text: ', unless the request ' },
          ...joined(
            exclude.map((rule) => clauseOf(rule, names)),
            'or',
          ),
        ]
      : []),
    { text: `.${remarks[decision]}` },
  ]
}

const openings = { non_identity: 'Lets in', bypass: 'Lets in', deny: 'Denies', allow: 'Allows' } as const
const remarks = { non_identity: '', bypass: '', deny: '', allow: ' It is about people, and lets no machine in.' } as const

/** What a group stands for. */
export function groupSentence({ include, require, exclude }: Rules, names: Names): readonly Words[] {
  const [, ...rest] = sentenceOf({ decision: 'non_identity', include, require, exclude }, names)
  return [{ text: 'Stands for ' }, ...rest]
}

function joined(phrases: readonly (readonly Words[])[], word: 'and' | 'or'): readonly Words[] {
  return phrases.flatMap((phrase, index) =>
    index === 0 ? phrase : [{ text: index === phrases.length - 1 ? ` ${word} ` : ', ' }, ...phrase],
  )
}

/** Whom a rule means. */
function nounOf(rule: Rule, names: Names): Words {
  if (rule.service_token) return { text: names.get(rule.service_token.token_id) ?? 'a token that is gone', isName: true }
  if (rule.any_valid_service_token) return { text: 'any valid service token' }
  if (rule.ip) return { text: `requests from ${rule.ip.ip}` }
  if (rule.group) return { text: names.get(rule.group.id) ?? 'a group that is gone', isName: true }
  return { text: 'everyone' }
}

/** What a request does that meets it. */
function clauseOf(rule: Rule, names: Names): readonly Words[] {
  if (rule.service_token) return [{ text: 'carries ' }, nounOf(rule, names)]
  if (rule.any_valid_service_token) return [{ text: 'carries a valid service token' }]
  if (rule.ip) return [{ text: `comes from ${rule.ip.ip}` }]
  return rule.group ? [{ text: 'meets ' }, nounOf(rule, names)] : [{ text: 'comes from anyone' }]
}

/** What the API says of a policy, with its rule in words: "It requires that the request meets Office, which does not hold." */
export function findingInWords(message: string, names: Names): string {
  const [, opening, rule, rest] = /^(It requires|It excludes) (\{.*\})(, which .*)$/.exec(message) ?? []
  if (rule === undefined) return message
  const clause = clauseOf(JSON.parse(rule) as Rule, names).map(({ text }) => text)
  return `${opening} that the request ${clause.join('')}${rest}`
}

/** The ids of the tokens that rules name. */
export function tokensIn(policies: readonly Rules[]): readonly string[] {
  const rules = policies.flatMap(({ include, require, exclude }) => [...include, ...require, ...exclude])
  return [...new Set(rules.flatMap(({ service_token: token }) => (token ? [token.token_id] : [])))]
}
