import type { Currency } from '@scratchless/voucher/money'
import { type Locale, moneyParts } from '../format.ts'

/** An amount: whole digits in the text's colour, minor digits and unit quieter. */
export function Money(props: { amountMinor: bigint; currency: Currency; locale: Locale; plain?: boolean }) {
  const { whole, minor, unit } = moneyParts(props.amountMinor, props.currency, props.locale)
  const quiet = props.plain ? {} : { color: 'var(--ink3)' }
  return (
    <bdi style={{ whiteSpace: 'nowrap' }}>
      {whole}
      <span style={quiet}>{minor}</span>
      <span style={{ ...quiet, fontSize: '78%' }}>{`\u00A0${unit}`}</span>
    </bdi>
  )
}
