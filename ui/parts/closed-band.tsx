/** Where a code would stand: one hatched bar a group of digits. No screen shows a code; only paper does. */
export function ClosedBand(props: {
  groups: readonly number[]
  label: string
  digitWidth?: number
  height?: number
}) {
  const { digitWidth = 18, height = 18 } = props
  return (
    <span role="img" aria-label={props.label} style={{ display: 'inline-flex', flexWrap: 'wrap', gap: 8 }}>
      {props.groups.map((digits, index) => (
        <span
          // The groups of one code never move: their place is their name.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          key={index}
          style={{
            width: digits * digitWidth,
            height,
            borderRadius: 3,
            background: 'repeating-linear-gradient(135deg, #3a4a43 0 3px, #13201b 3px 6px)',
          }}
        />
      ))}
    </span>
  )
}
