import type { Log } from '../authority/ports.ts'

/** Ends one part. They run in the reverse order of the starts. */
export type Closer = () => Promise<unknown>

export async function closeAll(closers: Closer[], log: Log): Promise<void> {
  for (const close of closers.splice(0).reverse()) {
    // What cannot be closed must not keep the rest from being stored.
    await close().catch((error: unknown) => log.error({ err: error }, 'a part could not be closed'))
  }
}
