// The README's programs on the oldest Node that is promised, and CommonJS there.
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readmeSamples } from '../docs/samples.ts'
import { repositoryPath } from '../shared.ts'
import type { EcosystemCase, Workshop } from './case.ts'
import { makeProject, runIn } from './project.ts'

/** `>=20.19` is 20.19.0. */
function oldestNode(): string {
  const { engines } = JSON.parse(readFileSync(repositoryPath('package.json'), 'utf8')) as { engines: { node: string } }
  return `${engines.node.replace('>=', '')}.0`
}

const COMMONJS = `
const { loadModel, isInputError } = require('tsinfer')
loadModel('none.gguf').catch((error) => {
  if (!isInputError(error)) throw error
  return loadModel('model.gguf').then(async (model) => {
    console.log((await model.generate('Once upon a time', { temperature: 0, maxTokens: 8 }).result).choices[0].text)
    await model.close()
  })
})
`

/** A project with the package, the README's programs and the oldest Node. */
async function projectOfReadme({ folder, tarball }: Workshop): Promise<{ project: string; node: string }> {
  const node = `node-${process.platform}-${process.arch}@${oldestNode()}`
  const packages = [tarball, node, 'typescript@~5.4.0', '@types/node@20']
  const files = Object.fromEntries(readmeSamples().map(({ name, text }) => [name, text]))
  const project = await makeProject(join(folder, 'readme'), packages, { ...files, 'plain.cjs': COMMONJS })
  cpSync(repositoryPath('cli/models/stories260K.gguf'), join(project, 'model.gguf'))
  return { project, node: join(project, 'node_modules', node.split('@')[0]!, 'bin', 'node') }
}

async function expectText(project: string, node: string, file: string): Promise<void> {
  const text = await runIn(project, node, [file])
  if (!/\w+ \w+ \w+/.test(text)) throw new Error(`expected a text, found ${JSON.stringify(text)}`)
}

export const samplesOfReadme: readonly EcosystemCase[] = [
  {
    name: `README: story.mjs on Node ${oldestNode()}`,
    run: async (workshop) => {
      const { project, node } = await projectOfReadme(workshop)
      await expectText(project, node, 'story.mjs')
    },
  },
  {
    name: `README: story.ts by TypeScript 5.4 on Node ${oldestNode()}`,
    run: async (workshop) => {
      const { project, node } = await projectOfReadme(workshop)
      const options = ['--strict', '--target', 'es2022', '--module', 'esnext', '--moduleResolution', 'bundler']
      await runIn(project, node, ['node_modules/typescript/bin/tsc', ...options, '--outDir', 'out', 'story.ts'])
      cpSync(join(project, 'out', 'story.js'), join(project, 'out', 'story.mjs'))
      await expectText(project, node, 'out/story.mjs')
    },
  },
  {
    name: `CommonJS: require('tsinfer') on Node ${oldestNode()}`,
    run: async (workshop) => {
      const { project, node } = await projectOfReadme(workshop)
      await expectText(project, node, 'plain.cjs')
    },
  },
]
