import { Type } from 'typebox'

// What the fields of different resources have in common. Each description ends the sentence "<field> must be …".

/** Neither control characters, which PostgreSQL and terminals choke on, nor halves of surrogate pairs. */
export const printable = '^[^\\p{Cc}\\p{Cs}]*$'

export const Timestamp = Type.String({ maxLength: 40, description: 'an RFC 3339 date and time such as 2030-01-31T12:00:00Z' })

/** A field of a body that clients may send back as they were shown it. */
export const Shown = Type.Optional(Type.String({ description: 'left out: it is set by the server' }))

/** What people call a thing. */
export const Name = Type.String({
  ...{ minLength: 1, maxLength: 350, pattern: printable },
  description: 'a text of 1 to 350 characters without control characters',
})

/** A part of a name, in a query. */
export const Sought = Type.String({
  ...{ maxLength: 350, pattern: printable },
  description: 'a text of at most 350 characters without control characters',
})
