// The printer's process: node market/printer/main.ts '{"host":…,"port":…,"trayDir":…,"linesPerSecond":…}'
// Tells its starter of each paper over IPC; ends when the starter is gone.

import { cannotServe } from '@scratchless/program/supervisor'
import { type PrinterFault, startPrinter } from './printer.ts'

const printer = await startPrinter(JSON.parse(process.argv[2]!), (paper) => process.send?.({ paper })).catch(
  cannotServe,
)
process.on('message', (message: { fault?: PrinterFault }) => {
  if (message.fault) printer.setFault(message.fault)
})
process.on('disconnect', () => process.exit(0))
process.on('SIGINT', () => {}) // Ctrl-C reaches the whole group; the starter decides when the paper is done
process.on('SIGTERM', async () => {
  // What is printed is laid into the tray before the lights go out.
  await printer.stop()
  process.exit(0)
})
process.send?.({ ready: printer.port })
