import '@fontsource-variable/ibm-plex-sans/standard.css'
import '@fontsource/ibm-plex-mono/400.css'
import '@mantine/core/styles.css'
import '@scratchless/ui/tokens.css'
import './till.css'
import { MantineProvider } from '@mantine/core'
import { cssVariables, theme } from '@scratchless/ui/theme'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import i18next from 'i18next'
import { createRoot } from 'react-dom/client'
import { initReactI18next } from 'react-i18next'
import { App } from './app.tsx'
import { words } from './words.ts'

const asked = new URLSearchParams(location.search).get('lang')

await i18next.use(initReactI18next).init({
  resources: { fr: { translation: words.fr }, en: { translation: words.en } },
  lng: asked === 'en' || asked === 'fr' ? asked : navigator.language.startsWith('en') ? 'en' : 'fr',
  fallbackLng: 'fr',
  interpolation: { escapeValue: false }, // React escapes
})
document.documentElement.lang = i18next.language
i18next.on('languageChanged', (language) => {
  document.documentElement.lang = language
})

// Loopback is always "online" for the browser's purposes: the till's api is on this very device.
const queries = new QueryClient({
  defaultOptions: {
    queries: { networkMode: 'always', retry: 2, refetchOnWindowFocus: true, staleTime: 1_000 },
  },
})

createRoot(document.getElementById('root')!).render(
  <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>
  </MantineProvider>,
)
