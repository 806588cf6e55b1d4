import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { type BigIntStats, readFileSync, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { ConfigError } from './load.ts'
import { environmentName } from './setting.ts'
import type { Config } from './settings.ts'

/** What a TLS server takes. */
export interface TlsPair {
  /** The certificate with its chain, as PEM. */
  readonly cert: Buffer
  readonly key: Buffer
  readonly minVersion: 'TLSv1.2'
}

export interface TlsFiles {
  /** As the files were at the start. */
  readonly pair: TlsPair
  /** Hears of a new pair when the files have changed, or of what is wrong with it; then the one before stays. The result ends the watch. */
  follow(renewed: (pair: TlsPair) => void, broken: (error: Error) => void): () => void
}

/** How often the files are looked at. A change is taken up when they have rested for so long, as certificate and key are not written at once. */
const lookEveryMs = 1_000

/** Certificates and keys of both listeners, as configured. Throws one `ConfigError` with everything that is wrong with them. */
export function loadTls(config: Config): { readonly api: TlsFiles | undefined; readonly gate: TlsFiles | undefined } {
  const problems: string[] = []
  const load = (listener: 'api' | 'gate') => {
    try {
      return open(listener, config)
    } catch (error) {
      problems.push((error as Error).message)
      return undefined
    }
  }
  const files = { api: load('api'), gate: load('gate') }
  if (problems.length > 0) throw new ConfigError(problems)
  return files
}

function open(listener: 'api' | 'gate', config: Config): TlsFiles | undefined {
  const [certSetting, keySetting] = [`${listener}TlsCertFile`, `${listener}TlsKeyFile`] as const
  const [certPath, keyPath] = [config[certSetting], config[keySetting]]
  const [certName, keyName] = [environmentName(certSetting), environmentName(keySetting)]
  if (certPath === undefined && keyPath === undefined) return undefined
  if (certPath === undefined) throw new Error(`${keyName} is set without ${certName}: set both, or none for plain HTTP`)
  if (keyPath === undefined) throw new Error(`${certName} is set without ${keyName}: set both, or none for plain HTTP`)
  const read = () => readPair({ path: certPath, name: certName }, { path: keyPath, name: keyName })
  // Before they are read: what is written after that is taken up by `follow`.
  const states = [certPath, keyPath]
    .map((path) => statSync(path, { bigint: true, throwIfNoEntry: false }))
    .map((stats) => stats && stateOf(stats))
  return {
    pair: read(),
    follow: (renewed, broken) => follow(() => statesOf([certPath, keyPath]), states.join(), { read, renewed, broken }),
  }
}

interface NamedFile {
  readonly path: string
  /** The setting that names it. */
  readonly name: string
}

/** Reads both files. Throws an error that names the setting to blame. */
function readPair(certFile: NamedFile, keyFile: NamedFile): TlsPair {
  const cert = attempt(certFile, 'cannot be read', () => readFileSync(certFile.path))
  const key = attempt(keyFile, 'cannot be read', () => readFileSync(keyFile.path))
  const certificate = attempt(certFile, 'holds no certificate as PEM', () => new X509Certificate(cert))
  const privateKey: KeyObject = attempt(keyFile, 'holds no private key as PEM without a passphrase', () => createPrivateKey(key))
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new Error(`${keyFile.name}: ${keyFile.path} holds another key than that of the certificate in ${certFile.path}`)
  }
  const pair: TlsPair = { cert, key, minVersion: 'TLSv1.2' }
  // What else TLS may find wrong, as in the rest of the chain.
  attempt(certFile, 'cannot be used', () => createSecureContext(pair))
  return pair
}

function attempt<Result>({ name, path }: NamedFile, flaw: string, work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw new Error(`${name}: ${path} ${flaw}: ${(error as Error).message}`, { cause: error })
  }
}

interface Follower {
  readonly read: () => TlsPair
  readonly renewed: (pair: TlsPair) => void
  readonly broken: (error: Error) => void
}

/** By looking, not by listening: file systems of containers and networks tell nobody of changes, and Kubernetes swaps a symbolic link further up. */
function follow(statesNow: () => Promise<string>, atStart: string, { read, renewed, broken }: Follower): () => void {
  let taken = atStart
  let before = atStart
  async function look(): Promise<void> {
    const now = await statesNow()
    const hasRested = now === before
    before = now
    if (now === taken || !hasRested) return
    taken = now
    try {
      renewed(read())
    } catch (error) {
      broken(error as Error)
    }
  }
  let isLooking = false
  const looking = setInterval(() => {
    if (isLooking) return
    isLooking = true
    void look().finally(() => {
      isLooking = false
    })
  }, lookEveryMs).unref()
  return () => clearInterval(looking)
}

async function statesOf(paths: readonly string[]): Promise<string> {
  const states = await Promise.all(paths.map((path) => stat(path, { bigint: true }).then(stateOf, String)))
  return states.join()
}

/** Another one whenever the file behind a path is another, or was written to. */
function stateOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':')
}
