// The process in which peers' bench measures wllama, llama.cpp compiled to WebAssembly, in a Chromium of its own.
import { existsSync } from 'node:fs'
import { openTokenizer } from '../../index.ts'
import { installedPackage } from './installed.ts'
import { servePage } from './page-server.ts'
import { textOfTokens } from './prompt-text.ts'
import type { LoadTask } from './protocol.ts'
import { type LoadedPeer, servePeer } from './serve.ts'
import type { PageFacts, PageTimes } from './wllama-page.ts'

/** The part of playwright-core that is used. */
interface Playwright {
  readonly chromium: {
    launch(options: object): Promise<{ newPage(): Promise<Page>; version(): string }>
  }
}

interface Page {
  goto(address: string): Promise<unknown>
  waitForFunction(expression: string): Promise<unknown>
  setInputFiles(selector: string, path: string): Promise<void>
  evaluate(expression: string): Promise<unknown>
}

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const HTML = '<!doctype html><input type="file"><script type="module" src="/bench/wllama-page.js"></script>'

const wllama = installedPackage('@wllama/wllama')
const { page, browser } = await openPage()

servePeer(async ({ path, context, threads }: LoadTask): Promise<LoadedPeer> => {
  const tokenizer = await openTokenizer(path)
  const countOf = async (text: string) => (await tokenizer.encode(text)).length
  const texts = new Map<number, string>()
  const textOf = async (count: number): Promise<string> => {
    const text = texts.get(count) ?? (await textOfTokens(count, countOf))
    texts.set(count, text)
    return text
  }
  await page.setInputFiles('input', path)
  const file = "document.querySelector('input').files[0]"
  const facts = (await page.evaluate(`engine.load(${file}, ${context}, ${threads})`)) as PageFacts
  if (threads > 1 && !facts.isMultithread) throw new Error('expected the multi-thread build, found the other')
  return {
    version: `wllama ${wllama.version} (llama.cpp ${facts.llamaCpp}) in Chromium ${browser}`,
    settings: `${facts.isMultithread ? `multi-thread build, ${facts.threads} threads` : 'one thread'}, context ${context}`,
    async generate(ids, tokens) {
      const prompt = JSON.stringify(await textOf(ids.length))
      const { promptTokens, arrivalsMs } = (await page.evaluate(`engine.generate(${prompt}, ${tokens})`)) as PageTimes
      if (promptTokens !== ids.length || arrivalsMs.length !== tokens) {
        const found = `${promptTokens} and ${arrivalsMs.length}`
        throw new Error(`expected ${ids.length} and ${tokens} tokens evaluated and generated, found ${found}`)
      }
      return { ids: [], arrivalsMs }
    },
    // The page drops a model when it loads the next.
    close: tokenizer.close,
  }
})

async function openPage(): Promise<{ page: Page; browser: string }> {
  const executablePath = BROWSERS.find((path) => existsSync(path))
  if (executablePath === undefined) throw new Error(`expected a browser in ${BROWSERS.join(', ')}, found none`)
  const { chromium } = (await installedPackage('playwright-core').load()) as Playwright
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  const page = await browser.newPage()
  const address = await servePage(HTML, { '/wllama/': wllama.folder, '/bench/': new URL('./', import.meta.url) })
  await page.goto(address)
  await page.waitForFunction('globalThis.engine !== undefined')
  return { page, browser: browser.version() }
}
