// What a setting is, and by which names it is given.

export interface Setting<Value> {
  readonly meaning: string
  /** As it would be written; without one the setting may be left out. */
  readonly default?: string
  /** Comes from the environment or from the file that `…_FILE` names, never from a flag or the settings file. */
  readonly secret?: true
  /** Answers with the value, or throws an error that says what would be right. */
  readonly parse: (text: string) => Value
}

export function setting<Value>(definition: Setting<Value> & { readonly default: string }): Setting<Value> & { readonly default: string }
export function setting<Value>(definition: Setting<Value>): Setting<Value | undefined>
export function setting<Value>(definition: Setting<Value>): Setting<Value | undefined> {
  return definition
}

export function environmentName(key: string): string {
  return `POSTERN_${snakeCase(key).toUpperCase()}`
}

export function flagName(key: string): string {
  return `--${snakeCase(key).replaceAll('_', '-')}`
}

export function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
