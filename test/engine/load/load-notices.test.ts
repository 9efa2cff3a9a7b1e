// What a loaded model says of itself.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadNotices } from '../../../engine/load/load-notices.ts'
import { loadModel, type ModelInfo } from '../../../index.ts'
import { repositoryPath } from '../../shared.ts'

const MODEL = repositoryPath('cli/models/stories260K.gguf')

const info = (changed: object) =>
  ({
    contextLength: 512,
    contextLengthTrained: 512,
    kernels: 'relaxed',
    plan: { genericTypes: [] },
    ...changed,
  }) as unknown as ModelInfo

test('notices at load: none where a model runs as expected', () => {
  assert.equal(loadNotices(info({}), {}, '22.0.0'), [])
  assert.equal(loadNotices(info({ kernels: 'plain' }), { kernels: 'plain' }, '20.19.0'), [])
  assert.equal(loadNotices(info({ kernels: 'plain' }), { experimentalV8: true }, '20.19.0'), [])
})

test('notices at load: plain kernels name the Node and every way out', () => {
  const [notice, ...others] = loadNotices(info({ kernels: 'plain' }), {}, '20.19.0')
  assert.equal(others, [])
  for (const part of [/Node 20\.19\.0/, /experimentalV8: true/, /--experimental-wasm-relaxed-simd/, /Node 22/]) {
    assert.match(notice!, part)
  }
})

test('notices at load: a context beyond the model names both, and is used', async () => {
  const notices: string[] = []
  const onNotice = (notice: string) => void notices.push(notice)
  await using model = await loadModel(MODEL, { context: 2049, onNotice, experimentalV8: true })
  assert.is(model.info.contextLength, 2049)
  assert.is(notices.length, 1)
  assert.match(notices[0]!, /^context: 2049 .* 2048,/)
  await using inside = await loadModel(MODEL, { context: 2048, onNotice, experimentalV8: true })
  assert.is(inside.info.contextLength, 2048)
  assert.is(notices.length, 1)
})

test('notices at load: generic weights are named', () => {
  const generic = info({ plan: { genericTypes: ['IQ1_S', 'TQ1_0'] } })
  assert.match(loadNotices(generic, {}, '22.0.0').join('\n'), /IQ1_S, TQ1_0/)
})

test.run()
