import { Plus, Trash2 } from 'lucide-react'
import type { Rule } from '../../../src/wire/rule.ts'
import { Button } from '../elements/button.tsx'
import { kindOf, type RuleKind, type Rules } from './rule-words.ts'
import { useGroups } from './sentence.tsx'
import { TokenPicker } from './token-picker.tsx'

interface RulesEditorProps {
  readonly rules: Rules
  readonly onChange: (rules: Rules) => void
}

const parts: readonly (readonly [part: keyof Rules, title: string, hint: string])[] = [
  ['include', 'Include', 'One of these is enough.'],
  ['require', 'Require', 'All of these must hold too.'],
  ['exclude', 'Exclude', 'None of these may hold.'],
]

/** Who is meant: three lists of rules. */
export function RulesEditor({ rules, onChange }: RulesEditorProps) {
  return parts.map(([part, title, hint]) => (
    <RuleList key={part} {...{ title, hint }} rules={rules[part]} onChange={(changed) => onChange({ ...rules, [part]: changed })} />
  ))
}

const kinds: readonly (readonly [kind: RuleKind, text: string])[] = [
  ['any_valid_service_token', 'Any valid service token'],
  ['service_token', 'Service token'],
  ['ip', 'IP address or range'],
  ['group', 'Group'],
  ['everyone', 'Everyone'],
]

const blank: { readonly [Kind in RuleKind]: Rule } = {
  any_valid_service_token: { any_valid_service_token: {} },
  service_token: { service_token: { token_id: '' } },
  ip: { ip: { ip: '' } },
  group: { group: { id: '' } },
  everyone: { everyone: {} },
}

interface RuleListProps {
  readonly title: string
  readonly hint: string
  readonly rules: readonly Rule[]
  readonly onChange: (rules: readonly Rule[]) => void
}

function RuleList({ title, hint, rules, onChange }: RuleListProps) {
  const replace = (index: number, rule: Rule) => onChange(rules.with(index, rule))
  return (
    <fieldset className="field">
      <legend className="field-label">{title}</legend>
      <span className="field-hint">{hint}</span>
      {rules.map((rule, index) => (
        // Rules have no identity but their place in the list.
        // biome-ignore lint/suspicious/noArrayIndexKey: as said
        <div key={index} className="rule">
          <select
            className="input"
            aria-label={`${title}: kind of rule ${index + 1}`}
            value={kindOf(rule)}
            onChange={(event) => replace(index, blank[event.target.value as RuleKind])}
          >
            {kinds.map(([kind, text]) => (
              <option key={kind} value={kind}>
                {text}
              </option>
            ))}
          </select>
          <RuleValue rule={rule} label={`${title}: rule ${index + 1}`} onChange={(changed) => replace(index, changed)} />
          <Button
            kind="plain"
            icon={<Trash2 size={16} aria-hidden />}
            label={`Remove rule ${index + 1}`}
            onClick={() => onChange(rules.toSpliced(index, 1))}
          />
        </div>
      ))}
      <div>
        <Button small icon={<Plus size={15} aria-hidden />} onClick={() => onChange([...rules, blank.any_valid_service_token])}>
          Add a rule<span className="unseen"> to {title}</span>
        </Button>
      </div>
    </fieldset>
  )
}

function RuleValue({ rule, label, onChange }: { readonly rule: Rule; readonly label: string; readonly onChange: (rule: Rule) => void }) {
  const { data: groups } = useGroups()
  if (rule.service_token) {
    return (
      <TokenPicker label={label} tokenId={rule.service_token.token_id} onChange={(id) => onChange({ service_token: { token_id: id } })} />
    )
  }
  if (rule.ip) {
    return (
      <input
        className="input mono"
        aria-label={label}
        placeholder="203.0.113.0/24"
        value={rule.ip.ip}
        onChange={(event) => onChange({ ip: { ip: event.target.value.trim() } })}
      />
    )
  }
  if (rule.group) {
    return (
      <select
        className="input"
        aria-label={label}
        value={rule.group.id}
        onChange={(event) => onChange({ group: { id: event.target.value } })}
      >
        <option value="">Choose a group</option>
        {(groups?.items ?? []).map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    )
  }
  return <span />
}

/** Why these rules cannot be stored yet. */
export function gapIn({ include, require, exclude }: Rules): string | undefined {
  if (include.length === 0) return 'Include at least one rule.'
  const isBlank = ({ service_token: token, ip, group }: Rule) => token?.token_id === '' || ip?.ip === '' || group?.id === ''
  return [...include, ...require, ...exclude].some(isBlank) ? 'Fill in every rule.' : undefined
}
