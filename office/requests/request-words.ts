// What a request would do, in words and figures, as the person who agrees reads it. Rendered where it is read.

import type { Act } from '../roles/roles.ts'
import type { RequestRow } from './request.sql.ts'

type Told = Pick<RequestRow, 'kind' | 'facts' | 'figures'>

interface Wording {
  readonly what: Partial<Record<Act, (facts: Told['facts'], count: (codes: number) => string) => string>>
  readonly figures: Readonly<Record<string, (count: string) => string>>
  readonly cause: (cause: string) => string
}

const range = (facts: Told['facts'], to: string) => {
  const last = Number(facts.firstSerial) + Number(facts.count) - 1
  return `${facts.firstSerial} ${to} ${String(last).padStart(12, '0')}`
}
const whose = (facts: Told['facts']) => (facts.operator === undefined ? '' : ` ${facts.operator}`)

const en: Wording = {
  what: {
    'void-codes': (facts, count) =>
      `Void${whose(facts)} ${count(Number(facts.count))} codes, serials ${range(facts, 'to')}. They are supplied to nobody any more, for good.`,
    'hold-codes': (facts, count) =>
      `Put on hold${whose(facts)} ${count(Number(facts.count))} codes, serials ${range(facts, 'to')}.`,
    'mark-codes': (facts, count) =>
      `Mark as ${facts.state}${whose(facts)} ${count(Number(facts.count))} codes, serials ${range(facts, 'to')}.`,
    'release-codes': (facts) => `Let go case ${facts.case}: its${whose(facts)} codes may be supplied again.`,
    'hold-lot': (facts) => `Hold lot${whose(facts)} ${facts.lot}: nothing of it is supplied meanwhile.`,
    'release-lot': (facts) => `Let go lot${whose(facts)} ${facts.lot}: it may be supplied again.`,
    'recall-lot': (facts) => `Recall lot${whose(facts)} ${facts.lot}: what is out is asked back.`,
    'mark-stolen': (facts, count) =>
      `Mark as stolen${whose(facts)} ${count(Number(facts.count))} codes, serials ${range(facts, 'to')}.`,
    'release-stolen': (facts) =>
      `Let go case ${facts.case}: stolen${whose(facts)} codes may be supplied again.`,
    'end-recall': (facts) => `End the recall of lot${whose(facts)} ${facts.lot}: it may be supplied again.`,
    'void-lot': (facts) =>
      `Void lot${whose(facts)} ${facts.lot}. Its codes are supplied to nobody any more, for good.`,
  },
  figures: {
    here: (count) => `${count} are here`,
    given: (count) => `${count} were given away before and stay where they are`,
    unknown: (count) => `${count} are not here yet`,
  },
  cause: (cause) => `Cause: ${cause}`,
}

const fr: Wording = {
  what: {
    'void-codes': (facts, count) =>
      `Annuler ${count(Number(facts.count))} codes${whose(facts)}, n° de série ${range(facts, 'à')}. Ils ne seront plus jamais fournis à personne.`,
    'hold-codes': (facts, count) =>
      `Bloquer ${count(Number(facts.count))} codes${whose(facts)}, n° de série ${range(facts, 'à')}.`,
    'mark-codes': (facts, count) =>
      `Marquer ${count(Number(facts.count))} codes${whose(facts)} (${facts.state}), n° de série ${range(facts, 'à')}.`,
    'release-codes': (facts) =>
      `Débloquer le dossier ${facts.case} : ses codes${whose(facts)} pourront de nouveau être fournis.`,
    'hold-lot': (facts) => `Bloquer le lot${whose(facts)} ${facts.lot} : rien n’en est fourni entre-temps.`,
    'release-lot': (facts) =>
      `Débloquer le lot${whose(facts)} ${facts.lot} : il pourra de nouveau être fourni.`,
    'recall-lot': (facts) => `Rappeler le lot${whose(facts)} ${facts.lot} : ce qui est dehors est redemandé.`,
    'mark-stolen': (facts, count) =>
      `Déclarer volés ${count(Number(facts.count))} codes${whose(facts)}, n° de série ${range(facts, 'à')}.`,
    'release-stolen': (facts) =>
      `Débloquer le dossier ${facts.case} : des codes${whose(facts)} volés pourront de nouveau être fournis.`,
    'end-recall': (facts) =>
      `Mettre fin au rappel du lot${whose(facts)} ${facts.lot} : il pourra de nouveau être fourni.`,
    'void-lot': (facts) =>
      `Annuler le lot${whose(facts)} ${facts.lot}. Ses codes ne seront plus jamais fournis à personne.`,
  },
  figures: {
    here: (count) => `${count} sont ici`,
    given: (count) => `${count} ont déjà été remis et restent où ils sont`,
    unknown: (count) => `${count} ne sont pas encore ici`,
  },
  cause: (cause) => `Motif : ${cause}`,
}

/** One sentence a line. */
export function effectOf({ kind, facts, figures }: Told): {
  readonly en: readonly string[]
  readonly fr: readonly string[]
} {
  const told = (words: Wording, locale: string) => {
    const count = (codes: number) => new Intl.NumberFormat(locale).format(codes)
    return [
      words.what[kind]?.(facts, count) ?? kind,
      ...Object.entries(words.figures).flatMap(([name, say]) =>
        figures[name] === undefined ? [] : [say(count(figures[name]))],
      ),
      ...(facts.cause === undefined ? [] : [words.cause(String(facts.cause))]),
    ]
  }
  return { en: told(en, 'en'), fr: told(fr, 'fr') }
}
