import { DatabaseError } from 'pg'

/** Of SQLite: somebody else holds the file, the disk is full or cannot be written, or the file cannot be opened. */
const sqlite = /^SQLITE_(BUSY|FULL|IOERR|CANTOPEN|READONLY)/
/** Of PostgreSQL, by their classes: connections (08), resources (53), an operator's intervention (57), and the system below (58). */
const postgres = /^(08|53|57|58)/
/** A standby that has not become the primary yet; and a statement that came while the database was shut down. */
const readOnly = ['25006', '57P03']
/** Of the way there. */
const network = /^(ECONN|EPIPE|ENOTFOUND|EAI_|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)/
/** What `pg` says without a code. */
const said =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|timeout expired|Client has encountered a connection error)/

/** Whether something failed only because the database could not be reached, or could not do it now: then it may be tried again later. */
export function isUnavailable(error: unknown): boolean {
  const { code = '', message = '' } = error as { readonly code?: string; readonly message?: string }
  if (error instanceof DatabaseError) return postgres.test(code) || readOnly.includes(code)
  return sqlite.test(code) || network.test(code) || said.test(message)
}
