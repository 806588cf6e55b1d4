/** The text with `[…]` for whatever could be a credential, so that one in the wrong place is not repeated. */
export function withoutCredentials(text: string): string {
  // The shortest credential is an API key of 37 characters; ids (36 at most) and the names of fields stay below.
  return text.replace(/[\w-]{37,}/g, '[…]')
}
