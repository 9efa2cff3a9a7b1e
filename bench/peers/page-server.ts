// A server for one page and the package it needs, with the headers that let a page share memory between threads.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname } from 'node:path'

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
}
const HEADERS = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }

/** Serves `page` as `/` and each folder under its path; resolves to the page's address. Does not keep the process alive. */
export async function servePage(page: string, folders: Readonly<Record<string, URL>>): Promise<string> {
  const server = createServer(async ({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://localhost')
    const found = Object.keys(folders).find((path) => pathname.startsWith(path))
    if (pathname === '/') response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/html' }).end(page)
    else if (found === undefined) response.writeHead(404).end()
    else {
      // A URL below another cannot climb out of it: `..` was resolved by the parser.
      const file = new URL(pathname.slice(found.length), folders[found])
      const type = CONTENT_TYPES[extname(file.pathname)] ?? 'application/octet-stream'
      const data = await readFile(file).catch(() => undefined)
      response.writeHead(data ? 200 : 404, { ...HEADERS, 'Content-Type': type }).end(data)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  server.unref()
  return `http://localhost:${(server.address() as AddressInfo).port}/`
}
