import { IconListDetails, IconLock, IconPackageImport, IconX } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'

/** The four keys under the slot: the same as on the numeric keypad. */
export function TillKeys({ press }: { press: (key: '*' | '0' | '.' | '/') => void }) {
  const { t } = useTranslation()
  const keys = [
    { key: '*', word: t('quantity'), icon: <IconX size={18} stroke={1.75} /> },
    { key: '0', word: t('order'), icon: <IconPackageImport size={18} stroke={1.75} /> },
    { key: '.', word: t('journal'), icon: <IconListDetails size={18} stroke={1.75} /> },
    { key: '/', word: t('lock'), icon: <IconLock size={18} stroke={1.75} /> },
  ] as const
  return (
    <nav className="keys">
      {keys.map(({ key, word, icon }) => (
        <button type="button" key={key} onClick={() => press(key)}>
          <kbd>{key}</kbd>
          {icon}
          <b>{word}</b>
        </button>
      ))}
    </nav>
  )
}
