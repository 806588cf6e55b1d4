import type { Server } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Log } from '../authority/ports.ts'
import type { TlsOptions } from './listener.ts'

/** Files of a certificate that may change. */
export interface Renewable {
  follow(renewed: (pair: TlsOptions) => void, broken: (error: Error) => void): () => void
}

/** Takes up renewed certificates until the result is called. Connections that are open keep the one that they began with. */
export function renewCertificate(server: Server, files: Renewable | undefined, listener: 'api' | 'gate', log: Log): () => Promise<void> {
  const stop = files?.follow(
    (pair) => {
      ;(server as TlsServer).setSecureContext(pair)
      log.info({ listener }, 'a renewed certificate is in use')
    },
    ({ message }) => log.error({ listener, problem: message }, 'the new certificate cannot be used: the one before stays'),
  )
  return async () => stop?.()
}
