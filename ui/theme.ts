// The one Mantine theme: our tokens in its names, then components are left alone.

import {
  Button,
  type CSSVariablesResolver,
  createTheme,
  Input,
  type MantineColorsTuple,
  rem,
} from '@mantine/core'

const ramp = (values: string): MantineColorsTuple =>
  values.split(' ').map((value) => `#${value}`) as unknown as MantineColorsTuple

export const theme = createTheme({
  white: '#FFFFFF',
  black: '#13201B',
  primaryColor: 'fir',
  primaryShade: { light: 7, dark: 6 },
  autoContrast: true,
  luminanceThreshold: 0.35,
  cursorType: 'pointer',
  respectReducedMotion: true,
  defaultRadius: 'sm',
  colors: {
    fir: ramp('EBF5F0 D5EADF AAD3BF 79B99B 459C78 22835F 12704E 0C5A3F 094631 063124'),
    amber: ramp('FFF7E3 FEEBC0 FBD98A F5C454 E9AC26 C98A0C A86E05 875604 694304 4B3004'),
    red: ramp('FEF1EF FCDEDA F8BBB4 F0928A E36357 D23B2E B9281C 9B1F15 7C1810 5C120C'),
    plum: ramp('F7F1FB ECDFF6 D8BFEC BF98DE A46FCC 8A4DB8 743A9F 5F2D84 4B2369 371A4E'),
    gray: ramp('F5F7F6 ECF0EE E3E9E6 D9E0DC 84918B 66746D 5A6A63 3A4A43 24322C 13201B'),
    dark: ramp('EAF2EE C0CEC7 98AAA2 83968D 6F837A 22322B 15221C 0A1310 070D0B 040807'),
  },
  fontFamily: "'IBM Plex Sans Variable','IBM Plex Sans Arabic',system-ui,sans-serif",
  fontFamilyMonospace: "'IBM Plex Mono',monospace",
  fontSizes: { xs: rem(12), sm: rem(13), md: rem(13), lg: rem(14), xl: rem(16) },
  spacing: { xs: rem(4), sm: rem(8), md: rem(12), lg: rem(16), xl: rem(24) },
  radius: { xs: rem(4), sm: rem(6), md: rem(8), lg: rem(10), xl: rem(12) },
  components: {
    // The till's forms: everything pressed is at least 48 px high.
    Button: Button.extend({
      defaultProps: { variant: 'default', size: 'md' },
      vars: () => ({ root: { '--button-height': rem(48), '--button-fz': rem(15) } }),
      styles: { label: { fontWeight: 600 } },
    }),
    Input: Input.extend({ vars: () => ({ wrapper: { '--input-height': rem(48), '--input-fz': rem(16) } }) }),
    InputWrapper: Input.Wrapper.extend({
      defaultProps: { inputWrapperOrder: ['label', 'input', 'description', 'error'] },
      vars: () => ({
        label: { '--input-label-size': rem(15) },
        success: {},
        error: { '--input-error-size': rem(14) },
        description: { '--input-description-size': rem(14) },
      }),
    }),
  },
})

/** What Mantine would leave below AA contrast on our neutrals. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#5A6A63',
    '--mantine-color-placeholder': '#5A6A63',
    '--mantine-color-error': '#9B1F15',
    '--mantine-color-body': '#ECF0EE',
  },
  dark: {
    '--mantine-color-anchor': '#63CFA2',
    '--mantine-color-error': '#FF9C90',
    '--mantine-color-body': '#0A1310',
  },
})
