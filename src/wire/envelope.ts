/** Part of an error answer. `code` is at least 1000, except for the rate limit's 971. */
export interface ErrorItem {
  readonly code: number
  readonly message: string
  readonly source?: { readonly pointer: string }
  readonly error_chain?: readonly ErrorItem[]
}

/** Around every answer of the v4 API. */
export interface Envelope<Result> {
  readonly result: Result | null
  readonly success: boolean
  readonly errors: readonly ErrorItem[]
  /** Remarks beside the result or the errors. */
  readonly messages: readonly ErrorItem[]
  readonly result_info?: object
  /** What a change has come to at the gates, where the request has waited for that. An extension. */
  readonly receipt?: object
}

export function success<Result>(result: Result, resultInfo?: object, receipt?: object): Envelope<Result> {
  const envelope = { result, success: true, errors: [], messages: [] }
  if (resultInfo === undefined && receipt === undefined) return envelope
  return { ...envelope, ...(resultInfo && { result_info: resultInfo }), ...(receipt && { receipt }) }
}

export function refusal(errors: readonly ErrorItem[], messages: readonly ErrorItem[] = []): Envelope<never> {
  return { result: null, success: false, errors, messages }
}
