// The status page's words, in the two languages of the market.

export const WORDS = {
  en: {
    title: 'Stock and orders',
    signIn: 'Sign in',
    signOut: 'Sign out',
    name: 'Sign-in name',
    password: 'Password',
    wrong: 'That name and password do not go together.',
    stock: 'Stock',
    product: 'Product',
    inStock: 'In stock',
    despatched: 'Despatched',
    delivered: 'Delivered',
    sold: 'Sold',
    restock: 'Restock orders',
    operator: 'Operator',
    time: 'Time',
    state: 'State',
    lines: 'Lines',
    supply: 'Supply orders',
    terminal: 'Terminal',
    codes: 'Codes',
    debited: 'Debited',
    nothing: 'Nothing yet.',
    states: {
      waiting: 'waiting for the answer',
      accepted: 'accepted',
      partly: 'accepted in part',
      refused: 'refused',
      received: 'received',
      decided: 'being closed',
      despatched: 'despatched',
      delivered: 'delivered',
      withheld: 'withheld',
    },
  },
  fr: {
    title: 'Stock et commandes',
    signIn: 'Se connecter',
    signOut: 'Se déconnecter',
    name: 'Nom de connexion',
    password: 'Mot de passe',
    wrong: 'Ce nom et ce mot de passe ne vont pas ensemble.',
    stock: 'Stock',
    product: 'Produit',
    inStock: 'En stock',
    despatched: 'Expédiés',
    delivered: 'Livrés',
    sold: 'Vendus',
    restock: 'Commandes de réapprovisionnement',
    operator: 'Opérateur',
    time: 'Heure',
    state: 'État',
    lines: 'Lignes',
    supply: 'Commandes des terminaux',
    terminal: 'Terminal',
    codes: 'Codes',
    debited: 'Débité',
    nothing: 'Rien pour le moment.',
    states: {
      waiting: 'en attente de réponse',
      accepted: 'acceptée',
      partly: 'acceptée en partie',
      refused: 'refusée',
      received: 'reçue',
      decided: 'en cours de scellement',
      despatched: 'expédiée',
      delivered: 'livrée',
      withheld: 'retenue',
    },
  },
} as const

export type Language = keyof typeof WORDS
export type Words = (typeof WORDS)[Language]

/** `?lang=` first, then what the browser asks for; English otherwise. */
export function languageOf(query: string | undefined, acceptLanguage: string | undefined): Language {
  if (query === 'en' || query === 'fr') return query
  const first = /\b(en|fr)\b/i.exec(acceptLanguage ?? '')?.[1]?.toLowerCase()
  return first === 'fr' ? 'fr' : 'en'
}
