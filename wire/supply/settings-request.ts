// terminal → centre: how does the centre want this shop kept? Answered by the shop settings, or by an acknowledgement
// where the terminal's version is the current one.

import { type ContentOf, record } from '../compact/shape.ts'
import { supplyMessage } from './envelope.ts'
import { u32 } from './line-fields.ts'

export const settingsRequest = record({
  /** The version the terminal holds; 0 where it holds none. */
  holdsVersion: u32,
})

export type SettingsRequest = ContentOf<typeof settingsRequest>

export const settingsRequestMessage = supplyMessage('settings-request', settingsRequest)
