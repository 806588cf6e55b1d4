import { createPreference } from './preference.ts'

const theme = createPreference('postern.theme', ['system', 'light', 'dark'])

export type Theme = ReturnType<typeof theme.get>

export const useTheme = theme.use

export function chooseTheme(chosen: Theme): void {
  theme.set(chosen)
  applyTheme()
}

/** The style sheet follows the system where no theme is named. */
export function applyTheme(): void {
  const chosen = theme.get()
  if (chosen === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = chosen
}
