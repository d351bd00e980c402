// What the status page itself says, in the two languages of the market. The tables bring their own words.

const en = {
  /** The language's own name, on the link that leads to it. */
  language: 'English',
  signIn: 'Sign in',
  signOut: 'Sign out',
  name: 'Name',
  password: 'Password',
  refused: 'Not signed in: the name or the password is wrong, or too many were tried.',
  nothing: 'Nothing yet.',
}

const fr: typeof en = {
  language: 'Français',
  signIn: 'Se connecter',
  signOut: 'Se déconnecter',
  name: 'Nom',
  password: 'Mot de passe',
  refused: 'Connexion refusée : nom ou mot de passe faux, ou trop d’essais.',
  nothing: 'Rien pour l’instant.',
}

export const STATUS_WORDS = { en, fr } as const
export type Language = keyof typeof STATUS_WORDS

/** `?lang=` first, then what the browser asks for; English otherwise. */
export function languageOf(asked: string | undefined, acceptLanguage: string | undefined): Language {
  if (asked === 'fr' || asked === 'en') return asked
  return /\b(en|fr)\b/i.exec(acceptLanguage ?? '')?.[1]?.toLowerCase() === 'fr' ? 'fr' : 'en'
}
