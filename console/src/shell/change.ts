import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { announce } from '../elements/toast.tsx'
import { usePlace } from './place.tsx'

interface Wording<Input, Result> {
  /** What is said when it has been done. */
  readonly said?: (result: Result, input: Input) => string
  readonly done?: (result: Result, input: Input) => void
}

/** A command to the API. Once it has been carried out, everything that is shown of this account or zone is asked for again. */
export function useChange<Result, Input = void>(run: (input: Input) => Promise<Result>, { said, done }: Wording<Input, Result> = {}) {
  const queries = useQueryClient()
  const { place } = usePlace()
  return useMutation({
    mutationFn: run,
    onSuccess(result, input) {
      if (said) announce(said(result, input))
      done?.(result, input)
      void queries.invalidateQueries({ queryKey: [place.id] })
    },
  })
}

/** A key for each request that makes a secret: the same for the same request, so that one whose answer was lost can be sent again. */
export function useAttempts(): (request: object) => string {
  const last = useRef({ request: '', key: '' })
  return (request) => {
    const asText = JSON.stringify(request)
    if (last.current.request !== asText) last.current = { request: asText, key: randomKey() }
    return last.current.key
  }
}

/** Not `crypto.randomUUID`, which browsers keep from pages on plain HTTP. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
