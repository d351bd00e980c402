import { useEffect, useRef } from 'react'

const TILL_KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '*', '.', '/', '+', '-', 'Enter']

/** The numeric keypad, wherever the focus is, except inside a field that takes text. */
export function useTillKeyboard(active: boolean, pressed: (key: string) => void) {
  const latest = useRef(pressed)
  latest.current = pressed
  useEffect(() => {
    if (!active) return
    function onKey(event: KeyboardEvent) {
      const { key, target, repeat } = event
      const typing = target instanceof HTMLInputElement
      // Enter on a focused button presses that button.
      const onButton = target instanceof HTMLButtonElement && (key === 'Enter' || key === ' ')
      if (repeat || typing || onButton || event.ctrlKey || event.altKey || event.metaKey) return
      const name = key === ',' ? '.' : key // the French keypad has a comma there
      if (!TILL_KEYS.includes(name)) return
      event.preventDefault()
      latest.current(name)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [active])
}
