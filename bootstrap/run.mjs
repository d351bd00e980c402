// The first line of every command: makes sure that the project's packages are there, then hands over to the
// Node that came with them. Plain JavaScript for whatever Node (18 or later) the machine has.
//
//   node bootstrap/run.mjs PROGRAM.ts [options]     without a program it only installs

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const startedAtMs = Date.now()
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const modules = path.join(root, 'node_modules')
const stamp = path.join(modules, '.installed-for')
const lock = path.join(root, '.installing')
const [program, ...options] = process.argv.slice(2)
/** A living owner touches its lock. */
const BEAT_MS = 2_000
/** Above any pause of a living owner on a busy machine. */
const STALE_MS = 15_000
let beat

/** Ends with one sentence a person can act on; a caller that asked for JSON gets it as the last line, too. */
class Problem extends Error {}

try {
  checkMachine()
  if (!isInstalled()) await install()
  if (program) handOver()
} catch (error) {
  if (!(error instanceof Problem)) throw error
  process.stderr.write(`${error.message}\n`)
  if (options.includes('--json'))
    process.stdout.write(`${JSON.stringify({ ok: false, problem: error.message })}\n`)
  process.exitCode = 1
}

function checkMachine() {
  const major = Number(process.versions.node.split('.')[0])
  if (major < 18)
    throw new Problem(`Node ${process.versions.node} is too old to begin with: install Node 18 or later.`)
  const supported = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)
  if (!supported || !hasGlibc()) {
    throw new Problem(
      `Scratchless runs on Linux with glibc, on x64 or arm64; this machine is ${process.platform} ${process.arch}${
        supported ? ' without glibc' : ''
      }.`,
    )
  }
}

function hasGlibc() {
  process.report.excludeNetwork = true // a report looks up host names otherwise, which can take seconds
  return process.report.getReport().header.glibcVersionRuntime !== undefined
}

/** Installed means: npm finished for exactly this lockfile on this kind of machine. */
function wanted() {
  const lockfile = fs.readFileSync(path.join(root, 'package-lock.json'))
  return `${createHash('sha256').update(lockfile).digest('hex')} ${process.platform} ${process.arch}\n`
}

function isInstalled() {
  try {
    return fs.readFileSync(stamp, 'utf8') === wanted()
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return false
    throw new Problem(`Cannot read ${stamp} (${error.code}): check who owns the checkout.`)
  }
}

async function install() {
  await takeLock()
  try {
    if (isInstalled()) return // another command installed while this one waited
    const count = Object.keys(
      JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages,
    ).length
    process.stderr.write(`Installing ${count} packages (once) …\n`)
    await npm(process.execPath, ['ci'])
    // npm leaves out what does not run on the Node that runs npm; on the Node that the project brings it does.
    if (lacksNativePackages()) await npm(ownNode(), ['install', '--no-save'])
    writeStamp()
    process.stderr.write(`Installed in ${seconds(Date.now() - startedAtMs)} s.\n`)
  } finally {
    clearInterval(beat)
    fs.rmSync(lock, { force: true })
  }
}

/**
 * One installer at a time: npm ci empties node_modules first. The lock is put in place whole, by a link, and names its
 * owner in a way that no later process shares. A lock whose owner is gone is taken over.
 */
async function takeLock() {
  const own = `${lock}.${process.pid}`
  try {
    for (;;) {
      fs.writeFileSync(own, nameOf(process.pid))
      try {
        putInPlace(own)
        beat = setInterval(() => touch(lock), BEAT_MS)
        beat.unref()
        return
      } catch (error) {
        if (error.code !== 'EEXIST') throw error
        const dead = deadOwner()
        if (dead !== null) takeAway(dead)
        else await new Promise((wake) => setTimeout(wake, 250))
      }
    }
  } catch (error) {
    if (/ENOSPC|EDQUOT|EFBIG/.test(error.code)) throw new Problem(explain(error.code))
    throw new Problem(`Cannot write in ${root} (${error.code}): packages are installed into the checkout.`)
  } finally {
    fs.rmSync(own, { force: true })
  }
}

function touch(file) {
  try {
    const now = new Date()
    fs.utimesSync(file, now, now)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}

/** A process of this machine, as no other is ever called: when it began, in which container, since which start. */
function nameOf(pid) {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The command's name, in brackets, may hold anything.
  const began = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  return `${pid} ${began} ${placeOfProcesses()}\n`
}

/** Numbers of processes mean something within one of these only. */
function placeOfProcesses() {
  const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return `${fs.readlinkSync('/proc/self/ns/pid')} ${boot}`
}

/** What the lock says, where whom it names is gone; null while its owner lives. */
function deadOwner() {
  const content = textOf(lock)
  if (content === null) return ''
  const pid = /^\d+(?= \d+ )/.exec(content)?.[0]
  if (pid && content.trimEnd().endsWith(placeOfProcesses())) {
    try {
      return content === nameOf(pid) ? null : content
    } catch {
      return content // no such process
    }
  }
  // Of another container, of an older release, or emptied by a power cut: whoever lives touches it.
  const touched = fs.statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return Date.now() - touched < STALE_MS ? null : content
}

/** Removes the lock that was looked at, and not one that somebody has put in its place meanwhile. */
function takeAway(content) {
  const aside = `${lock}.${process.pid}.old`
  try {
    fs.renameSync(lock, aside)
  } catch (error) {
    if (error.code === 'ENOENT') return
    throw error
  }
  try {
    if (textOf(aside) !== content) putInPlace(aside)
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
  } finally {
    fs.rmSync(aside, { force: true })
  }
}

/** Fails with EEXIST where there is one. */
function putInPlace(file) {
  try {
    fs.linkSync(file, lock)
  } catch (error) {
    // A file system without links.
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'].includes(error.code)) throw error
    fs.writeFileSync(lock, fs.readFileSync(file), { flag: 'wx' })
  }
}

function textOf(file) {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return null
    throw error
  }
}

/** Last: a checkout that has it has everything. */
function writeStamp() {
  try {
    fs.writeFileSync(stamp, wanted())
  } catch (error) {
    throw new Problem(explain(`${error.code}`))
  }
}

/** Whether a package for this very kind of machine is in the lockfile and not in place. */
function lacksNativePackages() {
  const { packages } = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8'))
  return Object.entries(packages).some(
    ([place, { optional, os, cpu, libc }]) =>
      optional &&
      os?.includes('linux') &&
      cpu?.includes(process.arch) &&
      (libc === undefined || libc.includes('glibc')) &&
      !fs.existsSync(path.join(root, place)),
  )
}

function npm(node, what) {
  const cli = process.env.npm_execpath
  // Started by npm itself in nearly every case; by hand, `npm` is on the path.
  const [command, before] = cli?.endsWith('.js') ? [node, [cli]] : ['npm', []]
  const flags = [
    ...what,
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    '--loglevel=error',
  ]
  const env = { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH ?? ''}` }
  return new Promise((done, fail) => {
    const child = spawn(command, [...before, ...flags], {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    const listen = (chunk) => {
      said = (said + chunk).slice(-20_000)
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    const progress = setInterval(
      () =>
        process.stderr.write(
          `  … ${seconds(Date.now() - startedAtMs)} s, ${installedSoFar()} packages in place\n`,
        ),
      5_000,
    )
    child.on('error', (error) => {
      clearInterval(progress)
      fail(new Problem(`npm could not be started (${error.code}): install npm beside Node.`))
    })
    child.on('exit', (code) => {
      clearInterval(progress)
      if (code === 0) done()
      else fail(new Problem(explain(said)))
    })
  })
}

function installedSoFar() {
  try {
    return fs.readdirSync(modules).length
  } catch {
    return 0 // npm ci is still emptying the folder
  }
}

function explain(said) {
  if (/ENOSPC|no space left/i.test(said)) return 'The disk is full: about 800 MB are needed for the packages.'
  if (/EDQUOT|quota exceeded/i.test(said))
    return 'The disk quota of this account is used up: about 800 MB are needed for the packages.'
  if (/EFBIG|file too large/i.test(said))
    return 'This account may not write files of the size that the packages have: raise "ulimit -f".'
  if (/EROFS|read-only file system/i.test(said))
    return `${root} is mounted read-only: packages are installed into the checkout.`
  if (/ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ECONNRESET|ENETUNREACH|ENOTCACHED|network/i.test(said)) {
    return 'The npm registry cannot be reached, and npm has not all packages in its cache: connect this machine, or set the registry with "npm config set registry".'
  }
  if (/EACCES|EPERM/.test(said)) return `npm may not write in ${root}: check who owns the checkout.`
  if (/EUSAGE|out of sync/i.test(said))
    return 'package.json and package-lock.json disagree: restore both from git.'
  const line = said.split('\n').find((text) => /npm (error|ERR!)/.test(text)) ?? said.trim().split('\n').pop()
  return `npm could not install the packages: ${String(line).replace(/^npm (error|ERR!) ?/, '')}`
}

function seconds(ms) {
  return (ms / 1000).toFixed(0)
}

function ownNode() {
  const node = path.join(modules, `node-linux-${process.arch}`, 'bin', 'node')
  if (!fs.existsSync(node)) {
    throw new Problem(
      `The Node that the project brings is missing (${path.relative(root, node)}): delete node_modules and try again, without --omit=optional.`,
    )
  }
  return node
}

/** The three usual descriptors, and the one that `--passphrase-fd` names, where it is open. */
function inherited() {
  const named = Number(options[options.indexOf('--passphrase-fd') + 1])
  if (!options.includes('--passphrase-fd') || !Number.isInteger(named) || named < 3 || named > 255)
    return 'inherit'
  try {
    fs.fstatSync(named)
  } catch {
    return 'inherit' // the program says that it is not there
  }
  return Array.from({ length: named + 1 }, (_, at) => (at < 3 || at === named ? 'inherit' : 'ignore'))
}

function handOver() {
  const node = ownNode()
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', path.join(root, program), ...options], {
    stdio: inherited(),
    env: {
      ...process.env,
      PATH: `${path.join(modules, '.bin')}${path.delimiter}${process.env.PATH ?? ''}`,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? path.join(modules, '.cache', 'node'),
      SCRATCHLESS_STARTED_AT_MS: String(startedAtMs),
    },
  })
  // Ctrl-C reaches the whole group; a signal sent to this process alone is passed on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)
  })
}
