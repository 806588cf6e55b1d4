import { execFile, execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

const root = resolve(import.meta.dirname, '../..')

export interface Outcome {
  readonly code: number
  readonly output: string
}

export interface PlantedTree {
  readonly plant: (files: Readonly<Record<string, string>>) => void
  readonly uproot: (path: string) => void
  /** Runs the npm script as a person would, here. */
  readonly run: (script: string) => Promise<Outcome>
  readonly remove: () => void
}

/** A copy of the working tree as git would commit it, to plant violations in. */
export function plantedTree(): PlantedTree {
  const folder = mkdtempSync(join(tmpdir(), 'postern-gates-'))
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' })
  for (const file of listed.split('\0').filter((name) => name !== '' && existsSync(join(root, name)))) {
    cpSync(join(root, file), join(folder, file))
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))

  return {
    plant(files) {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true })
        writeFileSync(join(folder, path), text)
      }
    },
    uproot: (path) => rmSync(join(folder, path), { recursive: true, force: true }),
    run: (script) =>
      new Promise((done) => {
        // On a CI machine the tools would add annotations of its own format.
        const env = { ...process.env, GITHUB_ACTIONS: undefined }
        execFile('npm', ['run', '--silent', script], { cwd: folder, env, maxBuffer: 2 ** 25 }, (error, stdout, stderr) => {
          done({ code: error === null ? 0 : 1, output: stripVTControlCharacters(stdout + stderr) })
        })
      }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** What the check says of the tree as it stands, and of the same tree with `planted` in it. */
export async function beforeAndAfter(script: string, planted: Readonly<Record<string, string>>) {
  const trees = [plantedTree(), plantedTree()] as const
  trees[1].plant(planted)
  try {
    const [clean, broken] = await Promise.all([trees[0].run(script), trees[1].run(script)])
    return { clean, broken }
  } finally {
    for (const tree of trees) tree.remove()
  }
}
