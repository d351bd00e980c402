// The words of the status page, as the trade says them in both languages.

export type Locale = 'en' | 'fr'

const en = {
  title: 'stock and restock orders',
  otherLanguage: 'Français',
  signIn: 'Sign in',
  name: 'Name',
  password: 'Password',
  refused: 'Not signed in: the name or the password is wrong, or too many were tried.',
  stock: 'Stock',
  product: 'Product',
  inStock: 'In stock',
  despatched: 'Despatched',
  delivered: 'Delivered',
  onHold: 'On hold',
  orders: 'Restock orders',
  received: 'Received (UTC)',
  partner: 'Distributor',
  verdict: 'Answer',
  lines: 'Accepted of ordered',
  parts: 'Parts receipted',
  nothing: 'Nothing yet.',
  verdicts: { accepted: 'accepted', partly: 'partial', refused: 'refused' },
}

export type Words = typeof en

const fr: Words = {
  title: 'stock et commandes opérateur',
  otherLanguage: 'English',
  signIn: 'Se connecter',
  name: 'Nom',
  password: 'Mot de passe',
  refused: 'Connexion refusée : nom ou mot de passe faux, ou trop d’essais.',
  stock: 'Stock',
  product: 'Recharge',
  inStock: 'En stock',
  despatched: 'Expédié',
  delivered: 'Livré',
  onHold: 'Bloqué',
  orders: 'Commandes opérateur',
  received: 'Reçue (UTC)',
  partner: 'Distributeur',
  verdict: 'Réponse',
  lines: 'Accepté sur commandé',
  parts: 'Parts avec accusé de réception',
  nothing: 'Rien pour l’instant.',
  verdicts: { accepted: 'acceptée', partly: 'partielle', refused: 'refusée' },
}

export const words: Readonly<Record<Locale, Words>> = { en, fr }
