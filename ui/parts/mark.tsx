/** The S cut out of a ticket. */
export function Mark(props: { size: number; colour?: string; ground?: string }) {
  return (
    <svg width={props.size} height={props.size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path
        fill={props.colour ?? 'var(--fir7)'}
        d="M6.4 1.5h11.2A2.4 2.4 0 0 1 20 3.9V20.2l-2 2.1-2-2.1-2 2.1-2-2.1-2 2.1-2-2.1-2 2.1-2-2.1V3.9a2.4 2.4 0 0 1 2.4-2.4Z"
      />
      <path fill={props.ground ?? 'var(--sheet)'} d="M9 5.9h11v2.7H9z M4 13h11v2.7H4z" />
    </svg>
  )
}
