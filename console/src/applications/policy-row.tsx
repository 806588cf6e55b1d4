import { ArrowDown, ArrowUp, Pencil, Trash2, Unlink } from 'lucide-react'
import type { ApplicationPolicyResult } from '../../../src/wire/access-policy.ts'
import { Button } from '../elements/button.tsx'
import type { Names } from './rule-words.ts'
import { Sentence } from './sentence.tsx'

export type Direction = 'up' | 'down'
export type PolicyAction = Direction | 'edit' | 'remove'

interface PolicyRowProps {
  readonly policy: ApplicationPolicyResult
  readonly names: Names
  readonly isFirst: boolean
  readonly isLast: boolean
  /** Why nothing of it can be changed now. */
  readonly reason: string | undefined
  readonly onAct: (action: PolicyAction) => void
}

const size = 15

/** One policy of an application: what it does, and what can be done with it here. */
export function PolicyRow({ policy, names, isFirst, isLast, reason, onAct }: PolicyRowProps) {
  const { name, reusable: isShared } = policy
  const move = (direction: Direction, isAtEnd: boolean) => (
    <Button
      small
      kind="plain"
      icon={direction === 'up' ? <ArrowUp size={size} aria-hidden /> : <ArrowDown size={size} aria-hidden />}
      aria-label={`Move ${name} ${direction}`}
      data-move={`${policy.id} ${direction}`}
      reason={reason ?? (isAtEnd ? `It is the ${direction === 'up' ? 'first' : 'last'} already.` : undefined)}
      onClick={() => onAct(direction)}
    />
  )
  return (
    <li className="row-item">
      <div className="row-head">
        <span className="row">
          <span className="strong breaks">{name}</span>
          {isShared && <span className="badge">Shared</span>}
        </span>
        <span className="row row-close">
          {!(isFirst && isLast) && (
            <>
              {move('up', isFirst)}
              {move('down', isLast)}
            </>
          )}
          <Button
            small
            kind="plain"
            icon={<Pencil size={size} aria-hidden />}
            aria-label={`Edit ${name}`}
            reason={reason ?? (isShared ? 'Several applications share it. Edit it on the page of policies.' : undefined)}
            onClick={() => onAct('edit')}
          />
          <Button
            small
            kind="plain"
            icon={isShared ? <Unlink size={size} aria-hidden /> : <Trash2 size={size} aria-hidden />}
            aria-label={isShared ? `Take out ${name}` : `Delete ${name}`}
            reason={reason}
            onClick={() => onAct('remove')}
          />
        </span>
      </div>
      <Sentence policy={policy} names={names} />
    </li>
  )
}
