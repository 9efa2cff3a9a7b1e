// Clients of requests: names become numbers that nobody else ever gets.
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Clients } from '../../api/clients.ts'
import { CLIENT_CHARS_MAX, CLIENTS_MAX } from '../../engine/limits.ts'
import { loadModel, TsinferError } from '../../index.ts'
import { repositoryPath } from '../shared.ts'

test('a client keeps its number, and nobody else ever gets it', () => {
  const names = fc.array(fc.integer({ min: 0, max: 2 * CLIENTS_MAX }), { minLength: 1, maxLength: 100 })
  const property = fc.property(names, fc.boolean(), (asking, isCrowded) => {
    const clients = new Clients()
    const owners = new Map<number, string>()
    const numberOf = (client: string): number => {
      const { client: number = 0 } = clients.standing({ client })
      assert.is(owners.get(number) ?? client, client, `the number of ${owners.get(number)} is given to ${client}`)
      owners.set(number, client)
      return number
    }
    for (const name of asking) {
      const number = numberOf(`client ${name}`)
      assert.ok(number > 0, 'nobody in particular is no client')
      for (let other = 0; other < CLIENTS_MAX - 1; other++)
        if (isCrowded) clients.standing({ client: `other ${other}` })
      assert.is(numberOf(`client ${name}`), number)
    }
  })
  fc.assert(property, { numRuns: 20 })
  const clients = new Clients()
  const first = clients.standing({ client: 'first' })
  for (let other = 0; other < CLIENTS_MAX; other++) clients.standing({ client: `other ${other}` })
  assert.not.equal(clients.standing({ client: 'first' }), first, 'one that was forgotten is a new one')
})

test('what is not said of a request is left to the engine', () => {
  assert.equal(new Clients().standing({}), {})
  assert.equal(new Clients().standing({ client: 'a', priority: 'batch' }), { client: 1, priority: 'batch' })
})

test('generate, chat, score and embed refuse a client and a priority that are none', async () => {
  await using model = await loadModel(repositoryPath('cli/models/stories260K.gguf'), { context: 64, lanes: 1 })
  const calls: readonly ((options: object) => Promise<unknown>)[] = [
    (options) => model.generate([1, 5], { maxTokens: 1, ...options }).result,
    (options) =>
      model.chat([{ role: 'user', content: 'x' }], {
        chatTemplate: '{{ messages[0].content }}',
        maxTokens: 1,
        ...options,
      }).result,
    (options) => model.score([1, 5], options)[Symbol.asyncIterator]().next(),
    (options) => model.embed([[1, 5]], options),
  ]
  const messageOf = (call: (typeof calls)[number], options: object) =>
    call(options).then(
      () => 'taken',
      (error) => {
        assert.instance(error, TsinferError)
        return `${error.code} ${error.message}`
      },
    )
  for (const call of calls) {
    const names = `option_invalid client: expected a text of 1 to ${CLIENT_CHARS_MAX} characters, found`
    assert.is(await messageOf(call, { client: '' }), `${names} ""`)
    assert.is(await messageOf(call, { client: 3 }), `${names} 3`)
    assert.match(await messageOf(call, { client: 'x'.repeat(CLIENT_CHARS_MAX + 1) }), names)
    const priorities = 'option_invalid priority: expected one of interactive, batch, found'
    assert.is(await messageOf(call, { priority: 'high' }), `${priorities} "high"`)
    assert.is(await messageOf(call, { client: 'x'.repeat(CLIENT_CHARS_MAX), priority: 'batch' }), 'taken')
  }
})

test.run()
