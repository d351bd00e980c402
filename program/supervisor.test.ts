import { fork } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { systemClock } from '@scratchless/voucher/clock'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLog } from './log.ts'
import { superviseChildren } from './supervisor.ts'

const log = createLog({ program: 'test', process: 'main', clock: systemClock, level: 'silent' })
const here = (file: string) => JSON.stringify(new URL(file, import.meta.url).href)
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'supervisor-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A child that writes its pid into its working folder, says it is ready, and lives. */
function childFile(name: string): URL {
  const file = join(folder, `${name}.ts`)
  writeFileSync(
    file,
    `import { writeFileSync } from 'node:fs'
     import { sendReady } from ${here('supervisor.ts')}
     import { whenToldToStop } from ${here('starter-gone.ts')}
     whenToldToStop(() => undefined)
     writeFileSync('${name}.pid', String(process.pid))
     sendReady({ port: 1 })
     setInterval(() => undefined, 1000)`,
  )
  return pathToFileURL(file)
}

const pidOf = (name: string) => Number(readFileSync(join(folder, `${name}.pid`), 'utf8'))
const lives = (pid: number) => existsSync(`/proc/${pid}`)
async function until(holds: () => boolean): Promise<void> {
  const beganMs = performance.now()
  while (!holds()) {
    if (performance.now() - beganMs > 10_000) throw new Error('waited in vain')
    await sleep(10)
  }
}

test('children start in the folder, a dead one comes back, and all stop together', async () => {
  const children = ['api', 'vault'].map((name) => ({
    name,
    module: childFile(name),
    handed: { settings: null },
  }))
  const supervised = superviseChildren({ children, cwd: folder, log })
  expect(await supervised.ready).toEqual({ api: { port: 1, ready: true }, vault: { port: 1, ready: true } })
  const [api, vault] = [pidOf('api'), pidOf('vault')]
  process.kill(vault, 'SIGKILL')
  await until(() => pidOf('vault') !== vault)
  expect(lives(api)).toBe(true)
  const beganMs = performance.now()
  await supervised.stop()
  expect(performance.now() - beganMs).toBeLessThan(3_000)
  expect([lives(api), lives(pidOf('vault'))]).toEqual([false, false])
})

test('a child that says what is to be mended is not started again, and its program ends', async () => {
  const child = join(folder, 'misset.ts')
  writeFileSync(
    child,
    `import { appendFileSync } from 'node:fs'
     import { cannotServe } from ${here('supervisor.ts')}
     import { ConfigProblem } from ${here('config-file.ts')}
     appendFileSync('lives', 'x')
     await Promise.reject(new ConfigProblem('the passphrase is another')).catch(cannotServe)`,
  )
  const children = [
    { name: 'vault', module: pathToFileURL(child), handed: { settings: null } },
    { name: 'api', module: childFile('api'), handed: { settings: null } },
  ]
  const supervised = superviseChildren({ children, cwd: folder, log })
  await expect(supervised.ready).rejects.toThrow('vault cannot serve')
  await until(() => existsSync(join(folder, 'api.pid')))
  await supervised.stop()
  expect([readFileSync(join(folder, 'lives'), 'utf8'), lives(pidOf('api'))]).toEqual(['x', false])
})

test('a program and its children end when their starter is killed', async () => {
  const main = join(folder, 'main.ts')
  writeFileSync(
    main,
    `import { createLog } from ${here('log.ts')}
     import { runProgram } from ${here('supervisor.ts')}
     const clock = { nowMs: () => 0 }
     runProgram({
       children: [{
         name: 'api',
         module: new URL(${JSON.stringify(childFile('api').href)}),
         handed: { settings: null },
       }],
       cwd: ${JSON.stringify(folder)},
       log: createLog({ program: 'test', process: 'main', clock, level: 'silent' }),
     })`,
  )
  const starterFile = join(folder, 'starter.ts')
  writeFileSync(
    starterFile,
    `import { spawn } from 'node:child_process'
     const main = spawn(process.execPath, [${JSON.stringify(main)}], { stdio: 'ignore' })
     process.send(main.pid)
     setInterval(() => undefined, 1000)`,
  )
  const starter = fork(starterFile)
  const mainPid = await new Promise<number>((done) => starter.once('message', (pid) => done(Number(pid))))
  await until(() => existsSync(join(folder, 'api.pid')))
  const apiPid = pidOf('api')
  starter.kill('SIGKILL')
  await until(() => !lives(mainPid) && !lives(apiPid))
})
