// The programs in README.md: blocks of code whose first line is a comment with the name of a file.
import { readFileSync } from 'node:fs'
import { repositoryPath } from '../shared.ts'

export interface Sample {
  readonly name: string
  readonly text: string
}

export function readmeSamples(): Sample[] {
  const text = readFileSync(repositoryPath('README.md'), 'utf8')
  return [...text.matchAll(/^```(?:js|ts)\n(\/\/ ([\w.-]+).*\n[\s\S]*?)^```$/gm)].map(([, code, name]) => ({
    name: name!,
    text: code!,
  }))
}
