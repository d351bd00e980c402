// npm run world -- --codes N --retailers N --sales N --data DIR: a large world to look at and to measure on. It is opened by
// `npm start -- --data DIR` and looked over by `npm run audit -- --data DIR`. Of the centre all of it is there; the
// operators' books and the terminals' stores are empty, and nobody can open its codes.

import path from 'node:path'
import { parseArgs } from 'node:util'
import { claimDataFolder } from '../demo/data-folder.ts'
import { whyFailed } from '../demo/why-failed.ts'
import { makeWorld, whyNoWorld } from './make-world.ts'
import { worldSizeOf } from './world-size.ts'

process.exit(await main())

async function main(): Promise<number> {
  const beganMs = performance.now()
  const options = readOptions()
  if (typeof options === 'string') return failed(options)
  const size = worldSizeOf(options)
  if ('problem' in size) return failed(size.problem)
  const why = whyNoWorld(options.dataDir)
  if (why !== null) return failed(why)
  const data = claimDataFolder(options.dataDir)
  if ('problem' in data) return failed(data.problem)
  const seconds = () => ((performance.now() - beganMs) / 1000).toFixed(1)
  try {
    await makeWorld(data, size, (progress) =>
      process.stdout.write(`${seconds().padStart(6)} s  ${progress}\n`),
    )
    process.stdout.write(`A world in ${options.dataDir} after ${seconds()} s.\n`)
    return 0
  } catch (error) {
    return failed(whyFailed(error, data.dir))
  } finally {
    data.release()
  }
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        codes: { type: 'string', default: '1000000' },
        retailers: { type: 'string', default: '3000' },
        sales: { type: 'string', default: '2000000' },
        data: { type: 'string' },
      },
    })
    if (values.data === undefined)
      return 'Say where: npm run world -- --codes N --retailers N --sales N --data DIR'
    const number = (text: string) => (/^\d+$/.test(text) ? Number(text) : Number.NaN)
    return {
      codes: number(values.codes),
      retailers: number(values.retailers),
      sales: number(values.sales),
      dataDir: path.resolve(values.data),
    }
  } catch (error) {
    return `${(error as Error).message.split('. ')[0]}. Options: --codes N --retailers N --sales N --data DIR.`
  }
}

function failed(problem: string): number {
  process.stderr.write(`${problem}\n`)
  return 1
}
